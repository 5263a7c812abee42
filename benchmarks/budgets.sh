#!/usr/bin/env bash
# Counts the user-space instructions that a release executes for one exchange, in four shapes, and the program's bytes.
# Fails if one exceeds benchmarks/budgets.txt by more than 3 %: benchmarks/budgets.sh [FOLDER]. --write stores the
# counts as the new budgets. callgrind counts the same on a busy machine as on a quiet one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. benchmarks/lib.sh

write=
[ "${1:-}" = --write ] && { write=1; shift; }
folder=$(realpath "${1:-build/release}")
budgets=benchmarks/budgets.txt
work=$(mktemp -d)
pids=()
stop() {  # stops the program started last
  local pid=${pids[-1]}
  kill "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
  unset 'pids[-1]'
}
trap 'while [ ${#pids[@]} -gt 0 ]; do stop; done; rm -rf "$work"' EXIT

"$folder/benchmarks/origin" >"$work/origin.log" &
pids+=($!)
origin=$(port_in "$work/origin.log" 'port ')

# A target that speaks TLS: another sluice, with the demo provider.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 \
  -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
cat >"$work/target.json" <<END
{"listen": "127.0.0.1:0", "workers": 1, "tls": {"cert_file": "$work/cert.pem", "key_file": "$work/key.pem"}, "log": {"access": false}}
END
"$folder/sluice" --demo --config "$work/target.json" >"$work/target.log" 2>&1 &
pids+=($!)
target=$(port_in "$work/target.log" 'https://127.0.0.1:')

cat >"$work/sluice.json" <<END
{"listen": "127.0.0.1:0", "workers": 1, "keys": [{"name": "count", "key": "count-key-0123456789abcdef"}],
 "providers": {
   "origin": {"dialect": "openai", "base_url": "http://127.0.0.1:$origin/v1", "api_key": "origin-key-0123456789"},
   "tls": {"dialect": "openai", "base_url": "https://127.0.0.1:$target/v1", "ca_file": "$work/cert.pem"}},
 "models": {"fast": "MODEL"}}
END
chmod 600 "$work/sluice.json"

# count NAME MODEL EXCHANGES LOAD-ARGUMENTS...: instructions per exchange, after a tenth of the exchanges as warm-up.
declare -A counted
count() {
  local name=$1 model=$2 exchanges=$3 out="$work/$1.callgrind" port
  shift 3
  sed "s#MODEL#$model#" "$work/sluice.json" >"$work/$name.json"
  chmod 600 "$work/$name.json"
  valgrind --tool=callgrind --callgrind-out-file="$out" --instr-atstart=no "$folder/sluice" --config "$work/$name.json" >"$work/$name.log" 2>&1 &
  pids+=($!)
  port=$(port_in "$work/$name.log" 'http://127.0.0.1:')
  load() { "$folder/benchmarks/load" "$1" "$port" /v1/chat/completions "${@:2}" "authorization: Bearer count-key-0123456789abcdef" >/dev/null; }
  "$@" $((exchanges / 10))
  callgrind_control -i on "${pids[-1]}" >/dev/null 2>&1
  "$@" "$exchanges"
  callgrind_control -i off "${pids[-1]}" >/dev/null 2>&1
  stop
  counted[$name]=$(($(sed -nE 's/^(summary|totals): ([0-9]+).*/\2/p' "$out" | tail -1) / exchanges))
}
plain() { load latency "$1"; }
answer_20kb() { load latency "$1" "x-bench-body: 20480"; }
stream_20_frames() { load sse 20 1500 "$1"; }  # far enough apart that each is relayed separately

count plain origin/real-model 1000 plain
count stream_20_frames origin/real-model 100 stream_20_frames
count answer_20kb origin/real-model 500 answer_20kb
count tls tls/demo 500 plain
counted[binary_bytes]=$(stat -c %s "$folder/sluice")

over=0
printf '%-20s %12s %12s\n' "" counted budget
for name in plain stream_20_frames answer_20kb tls binary_bytes; do
  budget=$(sed -nE "s/^$name ([0-9]+)$/\1/p" "$budgets" 2>/dev/null || true)
  printf '%-20s %12d %12s\n' "$name" "${counted[$name]}" "${budget:-none}"
  if [ -z "$write" ] && { [ -z "$budget" ] || [ $((counted[$name] * 100)) -gt $((budget * 103)) ]; }; then
    echo "  more than 3 % over" >&2
    over=1
  fi
done
if [ -n "$write" ]; then
  {
    echo "# Instructions in user space for one exchange, by callgrind, and the program's bytes, of a plain release on x86-64 (g++ 12)."
    echo "# benchmarks/budgets.sh --write sets them; a change that needs more says why in its message."
    for name in plain stream_20_frames answer_20kb tls binary_bytes; do echo "$name ${counted[$name]}"; done
  } >"$budgets"
fi
exit $over
