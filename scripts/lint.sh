#!/usr/bin/env bash
# clang-tidy over src, with the checks of .clang-tidy: scripts/lint.sh [FILE...]. Any finding fails.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

scripts/deps.sh --lint
cmake --preset lint >/dev/null
files=("$@")
[ ${#files[@]} -gt 0 ] || mapfile -t files < <(find src -name '*.cc' | sort)
# The summary lines that clang-tidy writes for each file say nothing; findings go to stdout.
printf '%s\0' "${files[@]}" |
  xargs -0 -r -n 1 -P "$jobs" clang-tidy-14 -p build/lint --quiet 2> >(grep -vE '^[0-9]+ warnings? generated|^Suppressed|^Use -' >&2)
