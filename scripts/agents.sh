#!/usr/bin/env bash
# Runs coding agents against sluice with its demo provider, each by the line that the start-up block prints for it, and has
# each complete a task with one tool call: scripts/agents.sh [PROGRAM]. The agents are installed from npm under build/agents; what they
# keep goes into a folder that is thrown away. Not part of what must pass: the agents change from day to day.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

agents=(@anthropic-ai/claude-code @openai/codex @google/gemini-cli opencode-ai)
patience_s=180

scripts/deps.sh --test
program=${1:-}
if [ -z "$program" ]; then
  build debug sluice
  program=build/debug/sluice
fi
program=$(realpath "$program")
installed=$PWD/build/agents
mkdir -p "$installed"
[ -f "$installed/package.json" ] || echo '{"private": true}' >"$installed/package.json"
npm install --prefix "$installed" --silent --no-audit --no-fund "${agents[@]/%/@latest}"
export PATH=$installed/node_modules/.bin:$PATH

work=$(mktemp -d)
pid=
trap 'if [ -n "$pid" ]; then kill "$pid" 2>/dev/null; wait "$pid" || true; fi; rm -rf "$work"' EXIT
mkdir "$work/home" "$work/project"
echo 'The word is plum.' >"$work/project/note.txt"
printf '{"listen": "127.0.0.1:0", "workers": 1}\n' >"$work/sluice.json"
"$program" --demo --config "$work/sluice.json" >"$work/sluice.log" 2>&1 &
pid=$!
for _ in $(seq 100); do grep -q 'Gemini CLI' "$work/sluice.log" && break; sleep 0.1; done
url=$(grep -oE 'http://127\.0\.0\.1:[0-9]+' "$work/sluice.log" | head -1)

line_of() { sed -nE "s/^ +$1 +(.*)$/\1/p" "$work/sluice.log" | head -1; }  # what the block prints for a program

# They are to talk to sluice only.
export HOME=$work/home DISABLE_AUTOUPDATER=1 DISABLE_TELEMETRY=1 CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1
mkdir "$HOME/.gemini"
grep -oE '\{"security".*\}\}\}' "$work/sluice.log" >"$HOME/.gemini/settings.json"
opencode_settings='{"autoupdate": false, "provider": {"sluice": {"npm": "@ai-sdk/openai-compatible", "name": "sluice", "options": {"baseURL": "@URL@/v1", "apiKey": "none"}, "models": {"demo": {}}}}}'
export OPENCODE_CONFIG_CONTENT=${opencode_settings//@URL@/$url}

failed=0
# run NAME VERSION-OF LINE ARGUMENTS...: the agent has to answer with what the tool read.
run() {
  local name=$1 package=$2 line=$3 version out="$work/out"
  shift 3
  version=$(sed -nE 's/^ *"version": "([^"]+)".*/\1/p' "$installed/node_modules/$package/package.json" | head -1)
  echo "== $name $version"
  local shown="$line ${*@Q}"
  shown=${shown//$url/http://127.0.0.1:8000}
  echo "\$ ${shown//$work\/project/\$PWD}"
  if (cd "$work/project" && eval "timeout $patience_s env $line ${*@Q}" </dev/null >"$out" 2>"$work/errors") && grep -q plum "$out"; then
    grep plum "$out" | tail -1
    echo "ok"
  else
    tail -n 20 "$out" "$work/errors"
    echo "FAILED"
    failed=1
  fi
}

note=$work/project/note.txt
run 'Claude Code' @anthropic-ai/claude-code "$(line_of 'Claude Code')" -p --allowedTools Read -- "Please call Read for $note"
run 'Codex' @openai/codex "$(line_of Codex)" exec --skip-git-repo-check -m demo "Please call exec_command: cat<note.txt"
run 'Gemini CLI' @google/gemini-cli "$(line_of 'Gemini CLI')" -m demo --skip-trust -p 'Please call read_file for note.txt'
run 'opencode' opencode-ai opencode run -m sluice/demo "Please call read for $note"
exit "$failed"
