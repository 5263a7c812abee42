#!/usr/bin/env bash
# Measures what sluice costs alone, then next to nginx and HAProxy on the same machine (see benchmarks/).
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

scripts/deps.sh --bench
benchmarks/simple_bench.sh
benchmarks/compare.sh
