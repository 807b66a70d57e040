"""The embedding example, built against the installed prefix: a run to its end, and one that a signal ends."""
import json
import shutil
import signal
import subprocess
import sys

from installed import TIMEOUT, clean_environment, fresh, must, run

prefix, source, work = sys.argv[1:4]
env = clean_environment(prefix)
folder = fresh(work)
shutil.copytree(f"{source}/docs/examples/embed", folder, dirs_exist_ok=True)
run("cmake", "-S", ".", "-B", "build", "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}",
    "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Werror", cwd=folder, env=env)
run("cmake", "--build", "build", cwd=folder, env=env)

result = json.loads(run("build/embed", "sluice.yaml", "request.json", cwd=folder, env=env))
must(result["status"] == "succeeded" and result["stats"]["recordsWritten"] == 100000, result)

# So slow that it ends only when it is asked to.
(folder / "slow.yaml").write_text((folder / "sluice.yaml").read_text().replace("count: 100000", "count: 1000000, rate: 100"))
child = subprocess.Popen(["build/embed", "slow.yaml", "request.json"], cwd=folder, env=env, text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
said = child.stderr.readline()  # the first progress: the run is under way
child.send_signal(signal.SIGINT)
out, rest = child.communicate(timeout=TIMEOUT)
must(child.returncode == 6, f"exit {child.returncode}\n{said}{rest}\n{out}")
must(json.loads(out)["status"] == "cancelled", out)

# The same library through pkg-config.
env["PKG_CONFIG_PATH"] = f"{prefix}/lib/pkgconfig"
flags = run("pkg-config", "--cflags", "--libs", "sluice-host", env=env).split()
run("c++", "-std=c++20", "embed.cpp", "-o", "by-hand", *flags, f"-Wl,-rpath,{prefix}/lib", cwd=folder, env=env)
run("./by-hand", "sluice.yaml", "request.json", cwd=folder, env=env)
