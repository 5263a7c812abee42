#!/usr/bin/env bash
# The whole suite: sluice next to nginx and HAProxy from one connection to a thousand, and what its build costs. Writes
# build/bench/benchmark.json, benchmark.md and plots. Less than 20 minutes on two cores; --quick: two minutes, without
# builds.
#   benchmark.sh [--quick] [--out FILE.json] [--against EARLIER.json]        README.md says what each figure means.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
PATH=$PATH:/usr/sbin  # nginx and haproxy live there

for program in nginx haproxy wrk openssl taskset python3; do
  command -v "$program" >/dev/null || { scripts/deps.sh --bench; break; }
done
command -v gnuplot >/dev/null || scripts/deps.sh --bench || true  # it reports that there will be no plots
benchmarks/build.sh
exec python3 -B benchmarks/benchmark.py "$@"
