# Sourced by the scripts in this folder: functions that several of them need.

# port_in FILE PATTERN: waits for FILE and prints the number after PATTERN in it.
port_in() {
  for _ in $(seq 400); do
    sed -nE "s#.*$2([0-9]+).*#\1#p" "$1" | head -1 | grep . && return
    sleep 0.05
  done
  echo "no port in:" >&2
  cat "$1" >&2
  return 1
}
