#!/usr/bin/env bash
# Builds the benchmarks' programs and a release as deployed. The two benchmark programs must build; sluice may be left
# out.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

folder=build/release
if [ -z "$(find "$folder" -name '*.gcda' -print -quit 2>/dev/null)" ]; then
  scripts/release.sh >&2
fi
cmake --build "$folder" --target bench_origin bench_load -- --quiet
cmake --build "$folder" --target sluice -- --quiet || echo "sluice does not build; what needs it is left out" >&2
