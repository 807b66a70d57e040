"""kill -9 at any moment, again and again, of runs, exports, imports and resumes: nothing lost, nothing doubled.

kill_test.py SLUICE PLUGINS; SLUICE_ROUNDS rounds (12), SLUICE_SEED (1).
"""
import os
import random
import sys

from house import House, first_code, seconds_of

RECORDS = 6000
ENDPOINTS = {
    "events": {"template": "file.ndjson", "config": {"path": "./events.ndjson"}},
    "copy": {"template": "file.ndjson", "config": {"path": "./out/"}},
    "lake": {"template": "sqlite", "config": {"path": "./lake.db"}},
}


def request_for(sink, mode):
    return {"endpointId": "events", "unitId": "events.ndjson", "sinkEndpointId": sink, "stagingProviderId": "mmap",
            "policy": {"mode": mode, "delivery": "exactly-once", "batch": {"maxRecords": 60},
                       "commit": {"everyBytes": "8KiB"}, "staging": {"maxBytes": "512KiB"},
                       "retry": {"initialBackoff": "1ms"}}}


def make_house(sluice, plugins):
    house = House(sluice, plugins, ENDPOINTS)
    with open(house.folder / "events.ndjson", "w") as events:
        events.writelines(f'{{"id":{n},"text":"record {n} of the unit"}}\n' for n in range(RECORDS))
    return house


def finish(house, request):
    """What an operator does: resumes what is left, and runs the request again."""
    for session in house.sessions():
        code, answer = house.run("resume", "mmap:" + session)
        assert code == 0, f"resume: exit {code}, {first_code(answer)}: {house.told()}"
    assert house.sessions() == [], house.sessions()
    code, _ = house.run("run", "request.json", request=request)
    assert code == 0, f"run: exit {code}: {house.told()}"
    assert house.sessions() == [], house.sessions()


def compare(house, sink):
    if sink == "copy":
        found = (house.folder / "out/events.ndjson").read_bytes()
        assert found == (house.folder / "events.ndjson").read_bytes(), f"{found.count(10)} lines of {RECORDS}"
    else:
        found = house.rows("lake.db", "events")
        assert found == list(range(RECORDS)), f"{len(found)} rows, {len(set(found))} different, of {RECORDS}"


def one_round(sluice, plugins, chance, sink, mode, halves, usual):
    house = make_house(sluice, plugins)
    kills = 0
    try:
        request = request_for(sink, mode)
        whole = usual[sink, mode]
        if halves:
            request["stageRef"] = "mmap:half"
            # The rename that ends an export is quick: an import may find it whole.
            kills += house.kill_after(chance.uniform(0, whole), "export", "request.json", request=request)
            del request["stageRef"]
        else:
            kills += house.kill_after(chance.uniform(0, whole * 1.1), "run", "request.json", request=request)
        while chance.random() < 0.6 and house.sessions():
            session = "mmap:" + house.sessions()[0]
            kills += house.kill_after(chance.uniform(0, whole), "resume", session)
        finish(house, request)
        compare(house, sink)
    finally:
        house.close()
    return kills


def main():
    sluice, plugins = sys.argv[1:3]
    rounds, seed = int(os.environ.get("SLUICE_ROUNDS", 12)), int(os.environ.get("SLUICE_SEED", 1))
    kinds = [(sink, mode) for sink in ("lake", "copy") for mode in ("INCREMENTAL", "FULL")]
    usual = {}
    for kind in kinds:
        house = make_house(sluice, plugins)
        request = request_for(*kind)
        usual[kind] = seconds_of(lambda: house.run("run", "request.json", request=request))
        compare(house, kind[0])
        house.close()
    kills = 0
    for number in range(rounds):
        chance = random.Random(seed * 1_000_003 + number)
        sink, mode = kinds[number % len(kinds)]
        halves = chance.random() < 0.3
        try:
            kills += one_round(sluice, plugins, chance, sink, mode, halves, usual)
        except AssertionError as failure:
            print(f"round {number} of seed {seed} ({sink}, {mode}, {'in halves' if halves else 'whole'}): {failure}")
            return 1
    print(f"{rounds} rounds, {kills} kills, nothing lost, nothing doubled")
    # Times that never hit anything would prove nothing.
    return 0 if kills >= rounds // 4 else 1


if __name__ == "__main__":
    sys.exit(main())
