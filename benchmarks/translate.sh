#!/usr/bin/env bash
# What translation costs, for each pair of dialects beside the same dialect: benchmarks/translate.sh [--check]. With --check it fails
# where a target of benchmarks/README.md is missed. In process, with a release's code; CPU time, so that a busy machine matters little.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/lib.sh"
build release bench_translate
exec build/release/benchmarks/translate "$@"
