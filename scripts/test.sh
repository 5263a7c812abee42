#!/usr/bin/env bash
# Builds everything and runs all tests: scripts/test.sh [FILTER], where FILTER is a regular expression of test names (ctest -R).
# PRESET=release tests another build.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

scripts/deps.sh --test
preset=${PRESET:-debug}
build "$preset"
ctest --test-dir "build/$preset" --output-on-failure -j "$test_jobs" ${1:+-R "$1"}
