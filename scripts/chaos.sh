#!/usr/bin/env bash
# Runs chaos for MINUTES (default 30), then the storms at full size, against the release build: scripts/chaos.sh
# [MINUTES]. Prints the figures at the end.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

scripts/deps.sh --test
minutes=${1:-30}
build release sluice
tests/e2e/setup.sh build/e2e
export SLUICE_BINARY=$PWD/build/release/sluice SLUICE_E2E_NODE=$PWD/build/e2e PYTEST_DISABLE_PLUGIN_AUTOLOAD=1
SLUICE_E2E_CHAOS_S=$((minutes * 60)) SLUICE_E2E_LEAVERS=${LEAVERS:-10000} SLUICE_E2E_STORM_S=${STORM_S:-30} \
  build/e2e/venv/bin/python -B -m pytest -q -rs -p no:cacheprovider tests/e2e/test_chaos.py tests/e2e/test_storms.py
