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
    "stuck": {"template": "chaos", "config": {"action": "hang"}},
}


def request_for(sink):
    return {"endpointId": "numbers", "unitId": "records", "sinkEndpointId": sink, "stagingProviderId": "mmap",
            "policy": {"staging": {"maxBytes": "64MiB"}, "batch": {"maxBytes": "256KiB"},
                       "retry": {"maxAttempts": 2, "initialBackoff": "1ms"}}}


def expect_full(house, code, answer):
    assert code == 3, f"exit {code}: {house.told()}"
    assert first_code(answer) == "E_STAGING_DISK_FULL", house.told()
    error = answer["errors"][0]
    assert str(house.staging) in error["message"] + error["where"], error
    assert any(character.isdigit() for character in error["message"]), error
    assert answer["stageRef"], house.told()
    return answer["stageRef"]


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
        for command, sink in (("export", "copy"), ("run", "stuck")):
            filler = house.staging.parent / "stage" / ".filler"
            filler.write_bytes(bytes(6 << 20))
            code, answer = house.run(command, "request.json", request=request_for(sink))
            stage = expect_full(house, code, answer)
            filler.unlink()
            code, answer = house.run("resume", stage, "request.json", request={"sinkEndpointId": "copy"})
            assert code == 0, f"{command}, resume: exit {code}: {house.told()}"
            expect_all(house)
            assert house.sessions() == [], house.sessions()
            (house.folder / "out/records").unlink()
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
