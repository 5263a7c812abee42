#!/usr/bin/env bash
# Runs clang-tidy over src with the checks of .clang-tidy: scripts/lint.sh [FILE...] (their folders). Any finding fails.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

scripts/deps.sh --lint
cmake --preset debug >/dev/null
python3 -B scripts/lint_folders.py build/debug "$jobs" "$@"
