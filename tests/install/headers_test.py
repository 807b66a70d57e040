"""Every installed header compiles alone, and none of them leads to Boost."""
import concurrent.futures
import os
import pathlib
import subprocess
import sys

from installed import must

prefix, cc, cxx = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
include = prefix / "include"
warnings = ["-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-Wno-sign-conversion", "-Werror"]
headers = sorted(include.rglob("*.h")) + sorted(include.rglob("*.hpp"))
must(len(headers) > 30, f"only {len(headers)} headers in {include}")

jobs = []
for header in headers:
    name = header.relative_to(include)
    if header.suffix == ".h":
        jobs += [(name, [cc, "-x", "c", standard, "-pedantic"]) for standard in ("-std=c11", "-std=c17")]
    jobs.append((name, [cxx, "-x", "c++", "-std=c++20"]))


def compile_alone(job):
    name, compiler = job
    # -H lists every file that is read, with a dot a level.
    command = compiler + warnings + ["-I", str(include), "-fsyntax-only", "-H", "-"]
    done = subprocess.run(command, input=f'#include "{name}"\n#include "{name}"\n', capture_output=True, text=True, timeout=120)
    if done.returncode:
        said = "\n".join(line for line in done.stderr.splitlines() if not line.startswith((".", "/usr/")))
        return f"{' '.join(command)} < {name}\n{said}"
    foreign = [line for line in done.stderr.splitlines() if line.startswith(".") and "/boost/" in line]
    return f"{name} includes {foreign[0]}" if foreign else None


with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    wrong = [said for said in pool.map(compile_alone, jobs) if said]
must(not wrong, "\n".join(wrong))
print(f"{len(jobs)} compilations of {len(headers)} headers")
