"""The tutorial's plugin, built against the installed prefix alone and run by the installed command."""
import json
import shutil
import sys

from installed import clean_environment, fresh, must, run

prefix, source, work = sys.argv[1:4]
env = clean_environment(prefix)
folder = fresh(work)
shutil.copytree(f"{source}/docs/examples/first-plugin", folder, dirs_exist_ok=True)

run("cmake", "-S", ".", "-B", "build", "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}",
    "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Werror", cwd=folder, env=env)
run("cmake", "--build", "build", cwd=folder, env=env)
run("ctest", "--test-dir", "build", "--output-on-failure", "--no-tests=error", cwd=folder, env=env)
read = run("ninja", "-C", "build", "-t", "deps", cwd=folder, env=env)
must(f"{prefix}/include/sluice/sdk.hpp" in read, f"the plugin does not use the prefix:\n{read}")
must("/boost/" not in read and f"{source}/sdk" not in read, f"the plugin includes more than the SDK:\n{read}")
symbols = run("nm", "--dynamic", "--defined-only", "build/libsluice_first.so", cwd=folder).split()
must(symbols[2::3] == ["sluice_plugin_entry"], f"the plugin exports {symbols}")

(folder / "plugins").mkdir()
shutil.copy(folder / "build" / "libsluice_first.so", folder / "plugins")
expected = (folder / "expected.ndjson").read_text()
first = json.loads(run("sluice", "run", "request.json", "--checkpoint-file", "packages.checkpoint", "--json", cwd=folder, env=env))
must((folder / "packages.ndjson").read_text() == expected, "the first run wrote something else than expected.ndjson")
must(first["stats"]["recordsWritten"] == 3 and first["stats"]["recordsRejected"] == 1, first)
must("this line is not a field" in (folder / "rejected.ndjson").read_text(), "the dead-letter file lacks the rejected record")

second = json.loads(run("sluice", "run", "request.json", "--checkpoint-file", "packages.checkpoint", "--json", cwd=folder, env=env))
must(second["stats"]["recordsRead"] == 0 and second["newCheckpoint"] == first["newCheckpoint"], second)
with open(folder / "packages.txt", "a") as file:
    file.write("Package: zstd\nVersion: 1.5.4\nSection: utils\n\n")
third = json.loads(run("sluice", "run", "request.json", "--checkpoint-file", "packages.checkpoint", "--json", cwd=folder, env=env))
must(third["stats"]["recordsWritten"] == 1, third)
must((folder / "packages.ndjson").read_text() ==
     expected + '{"Package":"zstd","Version":"1.5.4","Section":"utils"}\n', "the third run did not append what was new")
