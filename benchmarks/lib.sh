# Sourced by the scripts beside it: what several of them do.

# port_in FILE PATTERN: the number behind PATTERN in a file that a program is about to write.
port_in() {
  for _ in $(seq 400); do
    sed -nE "s#.*$2([0-9]+).*#\1#p" "$1" | head -1 | grep . && return
    sleep 0.05
  done
  echo "no port in:" >&2
  cat "$1" >&2
  return 1
}
