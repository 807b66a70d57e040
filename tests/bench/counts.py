"""Counts the instructions of the hot paths and holds them against their budgets.

usage: counts.py PROGRAM PLUGINS SCRATCH BUDGETS COMPILER [--renew]

Times on a shared machine say little; instructions are the same every time. What a lap costs is the difference between a
few laps and one, so that neither the start of the program nor the making of its input is in it. Other compilers, C
libraries and kernels of simdjson give other counts: they are compared only where all these are the same as in the file.
Exit code 77: not compared, and why.
"""
import concurrent.futures
import json
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys

program, plugins, scratch, budgets, compiler = sys.argv[1:6]
renew = "--renew" in sys.argv[6:]
SKIPPED = 77
MORE_LAPS = 4
GROWTH = 0.05  # that is tolerated
# The sizes from which memcpy and memset take another way follow from the machine; here they are always the same. (Each
# byte of a `rep stosb` counts as an instruction.)
TUNABLES = ":".join(("glibc.cpu.x86_rep_movsb_threshold=0x1000000", "glibc.cpu.x86_rep_stosb_threshold=0x10000000",
                     "glibc.cpu.x86_non_temporal_threshold=0x10000000"))


def skip(why):
    print(f"not compared: {why}")
    sys.exit(SKIPPED)


# Threads that wait for each other look out a while before they sleep, where they have more than one processor.
def under_valgrind(*words, processor=0):
    cpus = sorted(os.sched_getaffinity(0))
    command = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null", program, *words]
    done = subprocess.run(command, env=os.environ | {"GLIBC_TUNABLES": TUNABLES}, capture_output=True, text=True,
                          preexec_fn=lambda: os.sched_setaffinity(0, {cpus[processor % len(cpus)]}))
    if done.returncode:
        sys.exit(f"{' '.join(words)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def instructions(workload, laps):
    folder = pathlib.Path(scratch) / f"{workload}-{laps}"
    shutil.rmtree(folder, ignore_errors=True)
    # First without valgrind, which lacks a call that the scan of plugins needs: its outcome is in the cache then.
    subprocess.run([program, str(folder), plugins, workload, "1"], check=True)
    said = under_valgrind(str(folder), plugins, workload, str(laps), processor=len(workload) + (laps > 1)).stderr
    shutil.rmtree(folder)
    return int(re.search(r"I +refs: +([\d,]+)", said)[1].replace(",", ""))


def environment():
    valgrind = subprocess.run(["valgrind", "--version"], capture_output=True, text=True).stdout.strip()
    return {"architecture": platform.machine(), "compiler": compiler, "cLibrary": " ".join(platform.libc_ver()),
            "valgrind": valgrind, "simdjsonKernel": under_valgrind("--kernels").stdout.strip()}


if not shutil.which("valgrind"):
    skip("valgrind is not installed")
here = environment()
known = json.loads(pathlib.Path(budgets).read_text()) if pathlib.Path(budgets).exists() else {}
if not renew and known.get("environment") != here:
    theirs = known.get("environment", {})
    skip("; ".join(f"{name} is {value}, the budgets are of {theirs.get(name)}"
                   for name, value in here.items() if theirs.get(name) != value) or "there are no budgets")

workloads = subprocess.run([program, "--list"], capture_output=True, text=True, check=True).stdout.split()
with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    asked = {name: [pool.submit(instructions, name, laps) for laps in (1, 1 + MORE_LAPS)] for name in workloads}
counts = {name: (more.result() - one.result()) // MORE_LAPS for name, (one, more) in asked.items()}

if renew:
    text = json.dumps({"environment": here, "instructionsPerLap": counts}, indent=2)
    pathlib.Path(budgets).write_text(text + "\n")
grown = []
for name, count in counts.items():
    budget = known.get("instructionsPerLap", {}).get(name)
    change = f"{count / budget - 1:+.2%}" if budget else "new"
    print(f"{name:16} {count:>12,} {change}")
    if not budget or count > budget * (1 + GROWTH):
        grown.append(name)
if grown and not renew:
    sys.exit(f"more than {GROWTH:.0%} over budget, or without one: {', '.join(grown)}. If that is meant: make bench-budgets, "
             "and say why in the commit")
