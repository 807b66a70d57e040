# Thin over the CMake presets: see CMakePresets.json.
PREFIX ?= /usr/local
JOBS ?= $(shell nproc)

.PHONY: all deps build test test-long demo bench bench-docs bench-budgets install format lint clean

all: build

deps:
	@.ci/install-packages

build: deps
	@cmake --preset release > build.log 2>&1 || { cat build.log; exit 1; }; rm -f build.log
	@cmake --build --preset release -j $(JOBS)

# Everything that CI checks: optimised build, sanitizers, Clang, format.
test: deps
	@.ci/test

# Kills and proofs by the thousand; takes minutes.
test-long: build
	@ctest --preset long -j $(JOBS)

demo: build
	@docs/examples/unicode/demo.sh build/bin/sluice

# What BENCH_QUICK, BENCH_ONLY, BENCH_WAYS, BENCH_MIB and BENCH_ROUNDS mean stands in run.sh.
bench: build
	@tests/bench/run.sh build

# The same, into docs/performance.md and its picture.
bench-docs: bench
	@python3 tests/bench/page.py build/bench/results.json build/bench/results.svg docs/performance.md

# Counts of instructions that CI compares with: after a change that is meant to cost something.
bench-budgets: build
	@cmake --build build --target bench_budgets

install: build
	@cmake --install build --prefix $(PREFIX)

format:
	@git ls-files '*.hpp' '*.cpp' '*.h' '*.c' | xargs clang-format-14 -i

lint:
	@git ls-files '*.hpp' '*.cpp' '*.h' '*.c' | xargs clang-format-14 --dry-run -Werror
	@cmake --preset clang > /dev/null
	@git ls-files 'sdk/*.cpp' 'staging/*.cpp' 'host/*.cpp' 'plugins/*.cpp' | xargs -P $(JOBS) -n 4 clang-tidy-14 --quiet -p build/clang

clean:
	@rm -rf build
