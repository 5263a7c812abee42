#!/usr/bin/env bash
# Measures sluice next to nginx and HAProxy as plain reverse proxies of the same origin on the same machine, and writes
# build/bench/compare.md and compare.json. About ten minutes; --quick: one. README.md says what each figure means.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
PATH=$PATH:/usr/sbin  # nginx and haproxy live there

for program in nginx haproxy wrk taskset python3; do
  command -v "$program" >/dev/null || { scripts/deps.sh --bench; break; }
done
benchmarks/build.sh
exec python3 -B benchmarks/compare.py "$@"
