#!/usr/bin/env bash
# Fuzzes each target of tests/fuzz for SECONDS (default 60): scripts/fuzz.sh [SECONDS] [TARGET...]. The corpus is kept
# in build/fuzz-corpus; an input that causes a failure is stored in build/fuzz-found and fails the run.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

scripts/deps.sh --lint
seconds=${1:-60}
shift $(($# > 0))
targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(find tests/fuzz -name 'fuzz_*.cc' -printf '%f\n' | sed 's/\.cc$//' | sort)
build fuzz "${targets[@]}"
mkdir -p build/fuzz-found
for target in "${targets[@]}"; do
  corpus=build/fuzz-corpus/$target
  mkdir -p "$corpus"
  seeds=tests/fuzz/corpus/${target#fuzz_}
  inputs=("$corpus")
  [ -d "$seeds" ] && inputs+=("$seeds")
  echo "== $target, $seconds s"
  set +e
  "build/fuzz/tests/fuzz/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=65536 -verbosity=0 \
    -print_final_stats=1 -artifact_prefix="build/fuzz-found/$target-" "${inputs[@]}" 2>&1 |
    grep -E '^stat::(number_of_executed_units|average_exec_per_sec|peak_rss_mb)|ERROR|SUMMARY|^ +#[0-9]|Test unit written'
  status=${PIPESTATUS[0]}
  set -e
  [ "$status" -eq 0 ] || { echo "$target failed: see build/fuzz-found" >&2; exit 1; }
done
