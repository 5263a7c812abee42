# Sourced by the scripts beside it: goes to the project's root and holds what several of them do.
cd "$(dirname "${BASH_SOURCE[0]}")/.."

jobs=$(nproc)

# build PRESET [TARGET...]: configures once, then builds; quiet unless something is wrong.
build() {
  local preset=$1
  shift
  cmake --preset "$preset" >"build/.configure-$preset.log" 2>&1 || { cat "build/.configure-$preset.log" >&2; return 1; }
  NINJA_STATUS="[%f/%t] " cmake --build "build/$preset" -j "$jobs" ${@+--target "$@"} -- --quiet
}
mkdir -p build
