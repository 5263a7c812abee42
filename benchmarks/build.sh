#!/usr/bin/env bash
# Builds what the benchmarks run, as a release: their own two programs must build, sluice may be left out.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

folder=build/release
mkdir -p build
if [ ! -f "$folder/build.ninja" ]; then
  cmake -S . -B "$folder" -G Ninja -DCMAKE_BUILD_TYPE=Release >build/.configure-bench.log 2>&1 ||
    { cat build/.configure-bench.log >&2; exit 1; }
fi
cmake --build "$folder" --target bench_origin bench_load -- --quiet
cmake --build "$folder" --target sluice -- --quiet || echo "sluice does not build; what needs it is left out" >&2
