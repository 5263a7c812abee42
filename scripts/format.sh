#!/usr/bin/env bash
# Formats the C++ sources in place. --check only lists unformatted files, and fails if there are any.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

scripts/deps.sh --lint
mode=(-i)
[ "${1:-}" = --check ] && mode=(--dry-run --Werror)
find src include tests benchmarks \( -name '*.cc' -o -name '*.h' \) -print0 2>/dev/null |
  xargs -0 -r clang-format-14 "${mode[@]}"
