#!/usr/bin/env bash
# Runs each seeded test through SEEDS seeds (default 1,000,000 each), starting from a different seed each day:
# scripts/nightly.sh [SEEDS] [FIRST_SEED]. A failure names the variable that repeats its seed; outputs are left in
# build/nightly.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

scripts/deps.sh --test
seeds=${1:-1000000}
first=${2:-$(($(date -u +%s) / 86400 * 1000000))}
build release test_routing test_gateway test_translation
mkdir -p build/nightly
export SLUICE_FIRST_SEED=$first SLUICE_SCHEDULES=$seeds SLUICE_SIMULATIONS=$seeds SLUICE_BROKEN_ANSWERS=$seeds SLUICE_RESCUE_RUNS=$seeds

# run NAME PROGRAM TESTS
run() {
  local began=$SECONDS
  if "build/release/tests/$2" "$3" >"build/nightly/$1.log" 2>&1; then
    echo "$1: $seeds seeds from $first, $((SECONDS - began)) s"
  else
    echo "$1 FAILED after $((SECONDS - began)) s: see build/nightly/$1.log" >&2
    grep -m 5 'SLUICE_[A-Z_]*SEED=' "build/nightly/$1.log" >&2 || true
    return 1
  fi
}

run simulation test_gateway '[simulation]' &
running=$!
failed=0
run routing test_routing 'what is promised holds whatever targets do' || failed=1
run broken test_gateway '[broken]' || failed=1
run rescue test_translation 'rescue: what the caller reads*' || failed=1
wait "$running" || failed=1
exit "$failed"
