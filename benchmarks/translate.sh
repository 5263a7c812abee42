#!/usr/bin/env bash
# What translation costs, for each pair of dialects beside the same dialect: benchmarks/translate.sh [--check]. With --check it fails
# where a target of benchmarks/README.md is missed. --whole measures exchanges of the whole program instead
# (translated.py). In process, with a release's code; CPU time, so that a busy machine matters little.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/lib.sh"
if [ "${1:-}" = --whole ]; then
  build release sluice bench_origin bench_load
  exec python3 -B benchmarks/translated.py
fi
build release bench_translate
exec build/release/benchmarks/translate "$@"
