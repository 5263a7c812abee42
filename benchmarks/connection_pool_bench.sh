#!/usr/bin/env bash
# Measures what keeping connections to targets gains: the same load on a target that keeps connections and on one that
# closes each after its answer, without and with TLS. Less than two minutes; --quick: only checks that everything works.
# Writes build/bench/connection_pool.md and .json.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
PATH=$PATH:/usr/sbin  # nginx lives there

for program in nginx wrk openssl taskset python3; do
  command -v "$program" >/dev/null || { scripts/deps.sh --bench; break; }
done
benchmarks/build.sh
exec python3 -B benchmarks/connection_pool_bench.py "$@"
