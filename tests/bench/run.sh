#!/usr/bin/env bash
# usage: run.sh BUILD-FOLDER [MiB] [ROUNDS]; results are ratios within one loop, so noise of the machine cancels.
set -euo pipefail
build=$1
cmake --build "$build" --target sluice_bench sluice_staging_bench > /dev/null
grep -m1 'model name' /proc/cpuinfo | sed 's/.*: //' || true
"$build/bin/sluice" version
"$build/bin/sluice_bench" "$build/bin/sluice" "$build/bench" "${2:-1024}" "${3:-5}"
"$build/bin/sluice_staging_bench" "$build/bench" "${2:-1024}" "${3:-5}"
