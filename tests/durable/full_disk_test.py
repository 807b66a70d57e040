"""A staging folder on a disk that fills up: an error with path and bytes, and a resume once there is room.

full_disk_test.py SLUICE PLUGINS; ends with 77 where no file system can be mounted.
"""
import os
import subprocess
import sys

from house import House, first_code

COUNT = 60_000
ENDPOINTS = {
    "numbers": {"template": "generator", "config": {"count": COUNT, "recordBytes": 200}},
    "copy": {"template": "file.ndjson", "config": {"path": "./out/"}},
    "slow": {"template": "chaos", "config": {"action": "stall", "stallMs": 2000}},
}


def request_for(sink, attempts=2):
    return {"endpointId": "numbers", "unitId": "records", "sinkEndpointId": sink, "stagingProviderId": "mmap",
            "policy": {"staging": {"maxBytes": "64MiB"}, "batch": {"maxBytes": "256KiB"},
                       "retry": {"maxAttempts": attempts, "initialBackoff": "1ms"}}}


def expect_full(house, code, answer):
    assert code == 3, f"exit {code}: {house.told()}"
    assert first_code(answer) == "E_STAGING_DISK_FULL", house.told()
    error = answer["errors"][0]
    assert str(house.staging) in error["message"] + error["where"], error
    assert any(character.isdigit() for character in error["message"]), error


def expect_all(house):
    lines = (house.folder / "out/records").read_bytes().splitlines()
    assert len(lines) == COUNT and len(set(lines)) == COUNT, f"{len(lines)} lines, {len(set(lines))} different"


def main():
    house = House(*sys.argv[1:3], ENDPOINTS, min_free="0")
    house.staging.mkdir(mode=0o700)
    mounted = os.geteuid() == 0 and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16m,mode=0700", "none", house.staging], stderr=subprocess.DEVNULL).returncode == 0
    if not mounted:
        print("no file system can be mounted here")
        return 77
    try:
        filler = house.staging / ".filler"
        filler.write_bytes(bytes(6 << 20))
        code, answer = house.run("export", "request.json", request=request_for("copy"))
        expect_full(house, code, answer)
        assert answer["stageRef"], house.told()
        filler.unlink()
        code, answer = house.run("resume", answer["stageRef"])
        assert code == 0, f"resume: exit {code}: {house.told()}"
        expect_all(house)
        assert house.sessions() == [], house.sessions()
        (house.folder / "out/records").unlink()
        # Room for one segment, and a consumer that is slow, and has taken all in the end: nothing is left to resume.
        filler.write_bytes(bytes(10 << 20))
        code, answer = house.run("run", "request.json", request=request_for("slow", 1))
        expect_full(house, code, answer)
        assert 0 < answer["newCheckpoint"]["next"] < COUNT, house.told()
        assert house.sessions() == [], house.sessions()
        # With room for two the writer waits for the first.
        filler.write_bytes(bytes(6 << 20))
        code, answer = house.run("run", "request.json", request=request_for("slow", 1))
        assert code == 0 and answer["newCheckpoint"]["next"] == COUNT, house.told()
        filler.unlink()
        # More than the disk ever holds goes through when somebody takes it.
        big = {**request_for("copy"), "policy": {**request_for("copy")["policy"], "staging": {"maxBytes": "8MiB"}}}
        code, answer = house.run("run", "request.json", request=big)
        assert code == 0, house.told()
        expect_all(house)
    finally:
        subprocess.run(["umount", house.staging], check=False)
        house.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
