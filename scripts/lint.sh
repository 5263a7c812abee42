#!/usr/bin/env bash
# clang-tidy over src, with the checks of .clang-tidy: scripts/lint.sh [FILE...]. Any finding fails.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

scripts/deps.sh --lint
cmake --preset lint >/dev/null
cmake --preset debug >/dev/null

# tidy PRESET CHECKS FILE...: CHECKS change those of .clang-tidy. The summary lines that clang-tidy writes for each file say
# nothing; findings go to stdout.
tidy() {
  local options=(-p "build/$1" --quiet --checks="$2" --extra-arg=-Wno-error --extra-arg=-Wno-unknown-warning-option)
  shift 2
  printf '%s\0' "$@" |
    xargs -0 -r -n 1 -P "$jobs" clang-tidy-14 "${options[@]}" 2> >(grep -vE '^[0-9]+ warnings? generated|^Suppressed|^Use -' >&2)
}

if [ $# -gt 0 ]; then
  tidy lint '' "$@"
else
  # Most of the time goes into the headers, so what can be looked for in a folder compiled as one is looked for there; each file by
  # itself is only for what clang-tidy looks for in the main file alone.
  status=0
  mapfile -t files < <(find src -name '*.cc' | sort)
  tidy debug '-clang-analyzer-*,-misc-unused-*,-bugprone-suspicious-include' "$PWD"/build/debug/CMakeFiles/sluice*.dir/Unity/*.cxx || status=1
  tidy lint '-bugprone-*,-google-*,-modernize-*,-performance-*,-readability-*' "${files[@]}" || status=1
  exit $status
fi
