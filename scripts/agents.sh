#!/usr/bin/env bash
# Runs coding agents against sluice, each with the command line that the start-up block prints for it: scripts/agents.sh
# [PROGRAM [DIALECT...]].
# A second sluice with the demo provider is the origin, asked in each dialect, or in those named. In the agent's
# dialect, bytes pass through; in the others everything is translated in both directions. The task: a tool writes a file
# with odd characters, two simultaneous calls read it and another one, and the agent finally reports their contents. The
# agents are installed from npm under build/agents; their data goes into a temporary folder. An agent that cannot be
# installed is reported and left out.
# Not part of the required tests: the agents change from day to day.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

agents=(@anthropic-ai/claude-code @openai/codex @google/gemini-cli opencode-ai @qwen-code/qwen-code)
patience_s=180

scripts/deps.sh --test
program=${1:-}
dialects=("${@:2}")
[ ${#dialects[@]} -gt 0 ] || dialects=(openai responses anthropic gemini ollama)
if [ -z "$program" ]; then
  build debug sluice
  program=build/debug/sluice
fi
program=$(realpath "$program")
installed=$PWD/build/agents
mkdir -p "$installed"
[ -f "$installed/package.json" ] || echo '{"private": true}' >"$installed/package.json"
for agent in "${agents[@]}"; do
  npm install --prefix "$installed" --silent --no-audit --no-fund "$agent@latest" >"$installed/npm.log" 2>&1 ||
    echo "$agent is left out: npm says $(grep -m1 . "$installed/npm.log" | cut -c1-200)"
done
export PATH=$installed/node_modules/.bin:$PATH

work=$(mktemp -d)
pids=()
trap 'for pid in ${pids[@]+"${pids[@]}"}; do kill "$pid" 2>/dev/null; wait "$pid" || true; done; rm -rf "$work"' EXIT
mkdir "$work/home"

# start NAME ARGUMENT...: starts sluice with $work/NAME.json and sets $address.
start() {
  local name=$1
  "$program" "${@:2}" --config "$work/$name.json" >"$work/$name.log" 2>&1 &
  pids+=($!)
  for _ in $(seq 100); do grep -q 'sluice has started' "$work/$name.log" && break; sleep 0.1; done
  address=$(grep -oE 'http://127\.0\.0\.1:[0-9]+' "$work/$name.log" | head -1)
}

# The model thinks, so that signatures are sent in both directions too.
printf '{"listen": "127.0.0.1:0", "workers": 1}\n' >"$work/origin.json"
start origin --demo
providers='' models=''
for dialect in openai responses anthropic gemini ollama; do
  path=
  case $dialect in openai | responses) path=/v1 ;; esac
  providers+="${providers:+, }\"$dialect-demo\": {\"dialect\": \"$dialect\", \"base_url\": \"$address$path\", \"api_key\": \"none\"}"
  models+="${models:+, }\"on-$dialect\": \"$dialect-demo/think\""
done
printf '{"listen": "127.0.0.1:0", "workers": 1, "providers": {%s}, "models": {%s}}\n' "$providers" "$models" >"$work/gateway.json"
start gateway
url=$address
cp "$work/gateway.log" "$work/block"

line_of() { sed -nE "s/^ +$1 +(.*)$/\1/p" "$work/block" | head -1; }  # the line that the block prints for a program

# The agents may talk only to sluice.
export HOME=$work/home DISABLE_AUTOUPDATER=1 DISABLE_TELEMETRY=1 CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1
mkdir "$HOME/.gemini"
grep -oE '\{"security".*\}\}\}' "$work/gateway.log" >"$HOME/.gemini/settings.json"
opencode_models=$(printf '"on-%s": {}, ' openai responses anthropic gemini ollama)
opencode_settings='{"autoupdate": false, "provider": {"sluice": {"npm": "@ai-sdk/openai-compatible", "name": "sluice", "options": {"baseURL": "@URL@/v1", "apiKey": "none"}, "models": {@MODELS@}}}}'
opencode_settings=${opencode_settings//@URL@/$url}
export OPENCODE_CONFIG_CONTENT=${opencode_settings//@MODELS@/${opencode_models%, }}

# The file's expected contents, byte for byte, and their spelling in a task: as a JSON string, and as a JSON string that
# is a shell command.
odd=$'quotes \' " `, a backslash \\n \\\\, a tab\there, $HOME ${x} %s, <b>&amp;</b>, café e\u0301, 漢字 かな, 😀👩‍👩‍👧, \u202eleft\u202c'
printf '%s\nsecond line\n' "$odd" >"$work/wanted"
odd_json=$(python3 -c 'import json, sys; print(json.dumps(sys.stdin.read()))' <"$work/wanted")
write_json=$(python3 -c 'import json, sys; print(json.dumps("cat >odd.txt <<\"END\"\n" + sys.stdin.read() + "END"))' <"$work/wanted")

failed=0
# run NAME PACKAGE LINE TASK: runs an agent for each dialect. MODEL in the line is replaced with the model, and the task
# is sent on standard input. In the task, FILE and NOTE become the files, TEXT and WRITE the JSON strings.
run() {
  local name=$1 package=$2 line=$3 task=$4 version dialect why right logged
  if ! [ -d "$installed/node_modules/$package" ]; then
    echo "== $name is left out: it is not installed"
    return
  fi
  version=$(sed -nE 's/^ *"version": "([^"]+)".*/\1/p' "$installed/node_modules/$package/package.json" | head -1)
  echo "== $name $version"
  echo "\$ ${line//$url/http://127.0.0.1:8000} <task"
  task=${task//FILE/$work/project/odd.txt}
  task=${task//NOTE/$work/project/note.txt}
  task=${task//TEXT/"$odd_json"}
  printf '%s\n' "${task//WRITE/"$write_json"}" >"$work/task"
  for dialect in "${dialects[@]}"; do
    rm -rf "$work/project"
    mkdir "$work/project"
    echo 'The word is plum.' >"$work/project/note.txt"
    logged=$(wc -l <"$work/gateway.log")
    why=$(try "${line//MODEL/on-$dialect}") && right=1 || right=0
    sleep 0.5  # the log is written slightly later
    if [ "$right" = 1 ]; then
      echo "$dialect: ok$(told_as_dropped)"
    else
      echo "$dialect: FAILED: $why$(told_as_dropped)"
      failed=1
    fi
  done
}

# try LINE: runs one agent once; prints what is wrong.
try() {
  local wrong=
  if ! (cd "$work/project" && eval "timeout $patience_s env $1" <"$work/task" >"$work/out" 2>"$work/errors"); then
    wrong='it ended with an error'
  elif ! cmp "$work/wanted" "$work/project/odd.txt" 2>"$work/differ" >&2; then
    wrong="the file is not as it was to be: $(od -c "$work/project/odd.txt" | head -n 30)"
  elif ! grep -q plum "$work/out" || ! grep -qF "$odd" "$work/out"; then
    wrong='it does not say what the files hold'
  fi
  [ -z "$wrong" ] && return
  printf '%s\n' "$wrong"
  tail -n 20 "$work/out" "$work/errors"
  return 1
}

# What could not be translated for the target, in all requests of a run.
told_as_dropped() {
  tail -n "+$((logged + 1))" "$work/gateway.log" | { grep -oE 'dropped=("[^"]*"|[^ ]*)' || true; } | sed -E 's/dropped=//; s/"//g; s/, /\n/g' |
    sed -E 's/\[[0-9]+\]/[]/g' | sort -u | paste -sd, - | sed 's/,/, /g; s/^\(.\)/; not told: \1/'
}

run 'Claude Code' @anthropic-ai/claude-code "$(line_of 'Claude Code') --model MODEL -p --allowedTools Read Write" \
  $'Please call Write {"file_path": "FILE", "content": TEXT}\nand then Read {"file_path": "FILE"} and Read {"file_path": "NOTE"}'
run Codex @openai/codex "$(line_of Codex) exec --skip-git-repo-check --dangerously-bypass-approvals-and-sandbox -m MODEL -" \
  $'Please call exec_command {"cmd": WRITE}\nand then exec_command {"cmd": "cat odd.txt"} and exec_command {"cmd": "cat note.txt"}'
run 'Gemini CLI' @google/gemini-cli "$(line_of 'Gemini CLI') -m MODEL --skip-trust --yolo" \
  $'Please call write_file {"file_path": "FILE", "content": TEXT}\nand then read_file {"file_path": "FILE"} and read_file {"file_path": "NOTE"}'
run opencode opencode-ai 'opencode run -m sluice/MODEL' \
  $'Please call write {"filePath": "FILE", "content": TEXT}\nand then read {"filePath": "FILE"} and read {"filePath": "NOTE"}'
run 'Qwen Code' @qwen-code/qwen-code "OPENAI_BASE_URL=$url/v1 OPENAI_API_KEY=none qwen --auth-type openai -m MODEL --yolo" \
  $'Please call write_file {"file_path": "FILE", "content": TEXT}\nand then read_file {"file_path": "FILE"} and read_file {"file_path": "NOTE"}'
exit "$failed"
