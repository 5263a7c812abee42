# Sourced by the scripts beside it: goes to the project's root and holds what several of them do.
cd "$(dirname "${BASH_SOURCE[0]}")/.."

jobs=$(nproc)
test_jobs=$((jobs + 1))  # most tests wait for sockets and timers longer than they compute

# build PRESET [-DNAME=VALUE...] [TARGET...]: configures, then builds; quiet unless something is wrong.
build() {
  local preset=$1 settings=()
  shift
  while [[ ${1:-} == -D* ]]; do
    settings+=("$1")
    shift
  done
  cmake --preset "$preset" ${settings[@]+"${settings[@]}"} >"build/.configure-$preset.log" 2>&1 || { cat "build/.configure-$preset.log" >&2; return 1; }
  NINJA_STATUS="[%f/%t] " cmake --build "build/$preset" -j "$jobs" ${@+--target "$@"} -- --quiet
}
mkdir -p build
