# Sourced by the scripts in this folder: changes to the project's root and has functions that several of them need.
cd "$(dirname "${BASH_SOURCE[0]}")/.."

jobs=$(nproc)
test_jobs=$((jobs + 1))  # most tests spend more time waiting for sockets and timers than computing

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
