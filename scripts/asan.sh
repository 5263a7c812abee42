#!/usr/bin/env bash
# Runs the tests under sanitizers: all of them for addresses and undefined behaviour, those with threads for data races.
# scripts/asan.sh [address|thread] runs one; a second argument is a filter of test names.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

scripts/deps.sh --test --lint
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_stack_use_after_return=1:strict_string_checks=1:abort_on_error=0}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
export TSAN_OPTIONS=${TSAN_OPTIONS:-halt_on_error=1:second_deadlock_stack=1:suppressions=$PWD/tests/tsan.supp}

# run PRESET [FILTER]
run() {
  local targets=() without=()
  [ "$1" = tsan ] && targets=(with_threads) without=(-LE '^no_races$')
  build "$1" ${targets[@]+"${targets[@]}"}
  ctest --test-dir "build/$1" --output-on-failure -j "$test_jobs" ${without[@]+"${without[@]}"} ${2:+-R "$2"}
}
case ${1:-all} in
  address) run asan "${2:-}" ;;
  thread) run tsan "${2:-}" ;;
  all) run asan && run tsan ;;
  *) echo "usage: scripts/asan.sh [address|thread] [FILTER]" >&2; exit 1 ;;
esac
