"""Runs what the pages tell readers to type: all blocks ```sh run of a page, in order, as one script in an empty folder.

The folder has a copy of docs/ and the files that the page shows: a block ```LANGUAGE FILE is the whole of FILE. The installed
`sluice` is first in PATH, and PREFIX is its prefix. A block ```text after a ```sh run block is what that block must print
on standard output; there, `...` stands for anything within a line.
"""
import pathlib
import re
import shutil
import subprocess
import sys

source, prefix, work, name = sys.argv[1:5]
sys.path.insert(0, f"{source}/tests/install")
from installed import TIMEOUT, clean_environment, fresh  # noqa: E402

folder = fresh(work)
shutil.copytree(f"{source}/docs", folder / "docs")
page = (pathlib.Path(source) / name).read_text()
for file, content in re.findall(r"^```\w+ ([\w.-]+\.\w+)\n(.*?)^```$", page, re.M | re.S):
    (folder / file).write_text(content)
steps = re.findall(r"^```sh run\n(.*?)^```$(?:\s*^```text\n(.*?)^```$)?", page, re.M | re.S)
if not steps:
    sys.exit(f"{name} has no ```sh run block")

mark = "--- next step ---"
script = "set -euo pipefail\n" + "".join(f"{commands}\necho '{mark}'\n" for commands, _ in steps)
env = clean_environment(prefix) | {"PREFIX": prefix, "NO_COLOR": "1", "SLUICE_LOG": "warning"}
done = subprocess.run(["bash", "-c", script], cwd=folder, env=env, capture_output=True, text=True, timeout=TIMEOUT)
if done.returncode:
    sys.exit(f"{name}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
for (commands, expected), got in zip(steps, done.stdout.split(mark + "\n")):
    pattern = ".*".join(re.escape(part) for part in expected.split("..."))
    if expected and not re.fullmatch(pattern, got):
        sys.exit(f"{name}:\n{commands}prints\n{got}and the page says\n{expected}")
print(f"{len(steps)} blocks")
