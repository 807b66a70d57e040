"""`sluice prove` at every durable step of several pipelines, a thousand and more in sum.

prove_long.py SLUICE PLUGINS
"""
import sys

from house import House, first_code

ENDPOINTS = {
    "events": {"template": "file.ndjson", "config": {"path": "./events.ndjson"}},
    "text": {"template": "file.lines", "config": {"path": "./events.ndjson"}},
    "copy": {"template": "file.ndjson", "config": {"path": "./out/"}},
    "lines": {"template": "file.lines", "config": {"path": "./out/"}},
    "lake": {"template": "sqlite", "config": {"path": "./lake.db"}},
    "numbers": {"template": "generator", "config": {"count": 400, "recordBytes": 100}},
}
# source, unit, sink, mode, durability, with power losses
CASES = [
    ("events", "events.ndjson", "lake", "INCREMENTAL", "os", False),
    ("events", "events.ndjson", "lake", "INCREMENTAL", "disk", True),
    ("events", "events.ndjson", "lake", "FULL", "os", False),
    ("text", "events.ndjson", "lines", "INCREMENTAL", "os", False),
    ("text", "events.ndjson", "lines", "INCREMENTAL", "disk", True),
    ("text", "events.ndjson", "lines", "FULL", "disk", True),
    ("numbers", "records", "copy", "INCREMENTAL", "disk", True),
]


def main():
    house = House(*sys.argv[1:3], ENDPOINTS)
    with open(house.folder / "events.ndjson", "w") as events:
        events.writelines(f'{{"id":{n}}}\n' for n in range(400))
    points = 0
    try:
        for source, unit, sink, mode, durability, power in CASES:
            request = {"endpointId": source, "unitId": unit, "sinkEndpointId": sink,
                       "policy": {"mode": mode, "batch": {"maxRecords": 10}, "commit": {"everyBytes": "500B"},
                                  "staging": {"maxBytes": "128KiB", "durability": durability}}}
            words = ["prove", "request.json", "--points", "0", *(["--power-loss"] if power else [])]
            code, answer = house.run(*words, request=request, timeout=1500)
            what = f"{source} -> {sink}, {mode}, {durability}{', power losses' if power else ''}"
            if code != 0:
                print(f"{what}: exit {code}, {first_code(answer)}: {house.told()[-3000:]}")
                return 1
            points += answer["points"]
            print(f"{what}: {answer['points']} points, {answer['cutTwice']} twice, {answer['powerLosses']} power losses")
    finally:
        house.close()
    print(f"{points} points, nothing lost, nothing doubled")
    return 0 if points >= 1000 else 1


if __name__ == "__main__":
    sys.exit(main())
