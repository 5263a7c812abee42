#!/usr/bin/env bash
# What sluice costs alone, with the built-in demo provider: under a minute. README.md says what each figure means.
#   simple_bench.sh [SECONDS]    of each run (default 8)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
seconds=${1:-8}
binary=build/release/sluice

command -v wrk >/dev/null || scripts/deps.sh --bench
[ -x "$binary" ] || benchmarks/build.sh
[ -x "$binary" ] || { echo "skipped: $binary is not built"; exit 0; }

folder=$(mktemp -d)
pid=
cleanup() {
  if [ -n "$pid" ]; then
    kill "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  fi
  rm -rf "$folder"
}
trap cleanup EXIT
trap 'exit 143' INT TERM

# One worker on the first core, the load on the last.
last=$(($(nproc) - 1))
sluice=$(realpath "$binary")
(cd "$folder" && exec taskset -c 0 "$sluice" run --demo --workers 1 --listen 127.0.0.1:0) >"$folder/log" 2>&1 &
pid=$!
port=
for _ in $(seq 100); do
  port=$(grep -oE '127\.0\.0\.1:[0-9]+' "$folder/log" | head -1 | cut -d: -f2 || true)
  [ -n "$port" ] && [ "$port" != 0 ] && break
  kill -0 "$pid" 2>/dev/null || { cat "$folder/log" >&2; exit 2; }
  sleep 0.05
done
[ -n "$port" ] || { echo "sluice did not say where it listens:" >&2; cat "$folder/log" >&2; exit 2; }

cpu_us() {  # user and system time of the process, in the scheduler's nanoseconds if the kernel has them
  if [ -r "/proc/$pid/schedstat" ]; then
    cat /proc/"$pid"/task/*/schedstat | awk '{sum += $1} END {printf "%d", sum / 1000}'
  else
    awk -v hz="$(getconf CLK_TCK)" '{sub(/.*\) /, ""); printf "%d", ($12 + $13) * 1000000 / hz}' "/proc/$pid/stat"
  fi
}
rss_kb() { awk '/^VmRSS/ {print $2}' "/proc/$pid/status"; }

printf '%-24s %12s %10s %10s %14s %8s\n' "50 connections, 1 core" "requests/s" "p50 us" "p99 us" "CPU us/request" "errors"
run() {  # NAME METHOD PATH
  local before after line
  before=$(cpu_us)
  line=$(BENCH_MODEL=demo/demo taskset -c "$last" wrk -t1 -c50 -d"${seconds}s" -s benchmarks/wrk.lua "http://127.0.0.1:$port$3" -- "$2" |
    tail -1)
  after=$(cpu_us)
  echo "$line" | tr -d '{}"' | awk -F'[:,]' -v name="$1" -v cpu=$((after - before)) \
    '{for (i = 1; i < NF; i += 2) v[$i] = $(i + 1)
      printf "%-24s %12.0f %10.0f %10.0f %14.1f %8d\n", name, v["requests"] / v["seconds"], v["p50_us"], v["p99_us"], cpu / v["requests"], v["errors"]}'
}
idle=$(rss_kb)
run "GET /health" GET /health
run "POST chat (demo model)" POST /v1/chat/completions
echo
stripped=$folder/stripped
strip -o "$stripped" "$binary"
printf 'RSS idle: %s KB; RSS after load: %s KB; binary, stripped: %s KB\n' "$idle" "$(rss_kb)" "$(($(stat -c %s "$stripped") / 1024))"
