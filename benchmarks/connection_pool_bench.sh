#!/usr/bin/env bash
# What keeping connections to targets brings: the same load before a target that keeps connections and before one that closes each
# after its answer, without and with TLS. Less than two minutes; --quick: is it all in order? Writes build/bench/connection_pool.md
# and .json.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
PATH=$PATH:/usr/sbin  # nginx lives there

for program in nginx wrk openssl taskset python3; do
  command -v "$program" >/dev/null || { scripts/deps.sh --bench; break; }
done
benchmarks/build.sh
exec python3 -B benchmarks/connection_pool_bench.py "$@"
