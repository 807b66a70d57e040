#!/usr/bin/env bash
# usage: run.sh BUILD-FOLDER
# Builds the benchmarks, runs them, and leaves results.json, results.txt and results.svg in BUILD-FOLDER/bench.
# BENCH_QUICK=1: a look of a minute, not a measurement. BENCH_ONLY="staging growth": these workloads alone; file-to-file,
# generator, staging, csv-to-sqlite, empty-run, small-units, runs-at-once, growth, cold-start, checks are all.
# BENCH_WAYS="cp lines-memory": these rows alone, by the names that results.json has.
# BENCH_MIB, BENCH_ROUNDS: size of the large inputs (1024), and rounds that count (5).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$1
if [ "${BENCH_QUICK:-0}" = 1 ]; then kind=quick mib=64 rounds=1; else kind=full mib=1024 rounds=5; fi
out=$build/bench
mkdir -p "$out"
cmake --build "$build" --target sluice_bench sluice_cli > "$out/build.log" 2>&1 || { tail -n 60 "$out/build.log"; exit 1; }
read -ra only <<< "${BENCH_ONLY:-}"
"$build/bin/sluice_bench" "$build/bin/sluice" "$out" "$out/results.json" "${BENCH_MIB:-$mib}" "${BENCH_ROUNDS:-$rounds}" \
  "$kind" "${only[@]}" | tee "$out/results.txt"
python3 "$here/picture.py" "$out/results.json" "$out/results.svg"
echo "results.json, results.txt and results.svg are in $out"
