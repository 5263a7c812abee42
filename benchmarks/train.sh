#!/usr/bin/env bash
# Runs typical work through sluice and the origin and load programs next to it, for profile-guided builds:
# benchmarks/train.sh FOLDER. Its measurements are discarded.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. benchmarks/lib.sh

folder=$(realpath "$1")
work=$(mktemp -d)
pids=()
cleanup() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$work"
}
trap cleanup EXIT

"$folder/benchmarks/origin" >"$work/origin.log" &
pids+=($!)
origin=$(port_in "$work/origin.log" 'port ')
cat >"$work/sluice.json" <<END
{"listen": "127.0.0.1:0", "workers": 1, "keys": [{"name": "train", "key": "train-key-0123456789abcdef"}],
 "providers": {"origin": {"dialect": "openai", "base_url": "http://127.0.0.1:$origin/v1", "api_key": "origin-key-0123456789"}},
 "models": {"fast": "origin/real-model"}}
END
chmod 600 "$work/sluice.json"
"$folder/sluice" --config "$work/sluice.json" >"$work/sluice.log" 2>&1 &
pids+=($!)
port=$(port_in "$work/sluice.log" 'http://127.0.0.1:')

load() { "$folder/benchmarks/load" "$@" >/dev/null; }
path=/v1/chat/completions
key="authorization: Bearer train-key-0123456789abcdef"
load latency "$port" $path 4000 "$key"
load latency "$port" $path 400 "$key" "x-bench-body: 20480"
load latency "$port" $path 20 "$key" "x-bench-body: 1048576"
load sse "$port" $path 3 500 200 "$key"
load sse "$port" $path 100 200 20 "$key"
for _ in $(seq 50); do curl -fsS "http://127.0.0.1:$port/health"; done >/dev/null
