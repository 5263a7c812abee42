#!/usr/bin/env bash
# Measures what translation costs, for each pair of dialects next to the same dialect: benchmarks/translate.sh
# [--check]. --check fails if a target in benchmarks/README.md is missed. --whole measures exchanges of the whole
# program instead (translated.py). In process, with a release's code; CPU time, so that a busy machine matters little.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/lib.sh"
if [ "${1:-}" = --whole ]; then
  build release sluice bench_origin bench_load
  exec python3 -B benchmarks/translated.py
fi
build release bench_translate
exec build/release/benchmarks/translate "$@"
