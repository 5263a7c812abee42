#!/usr/bin/env bash
# Builds sluice and starts it on 127.0.0.1:8000 with the built-in demo provider. Arguments are passed on to it; a
# --config or --listen among them takes precedence. Ctrl-C ends it.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

scripts/deps.sh
build release sluice

arguments=()
case " $* " in *" --listen"*) ;; *) arguments+=(--listen 127.0.0.1:8000) ;; esac
case " $* " in *" --config"*) ;; *) arguments+=(--demo) ;; esac

exec {output}< <(exec build/release/sluice "${arguments[@]}" "$@")
pid=$!
trap ':' INT  # the terminal signals sluice too; this script must not end before it
trap 'kill "$pid" 2>/dev/null' TERM EXIT

# Shows the first lines, up to the one with the address; then the rest.
base=
while [ -z "$base" ] && IFS= read -r line <&"$output"; do
  printf '%s\n' "$line"
  [[ $line =~ http://[^[:space:]/\"]+:[0-9]+ ]] && base=${BASH_REMATCH[0]}
done
cat <&"$output" &
reader=$!

models=
for _ in $(seq 100); do
  [ -n "$base" ] && models=$(curl -fsS --max-time 5 "$base/v1/models" 2>/dev/null) && break
  kill -0 "$pid" 2>/dev/null || break
  sleep 0.05
done
model=$(grep -o '"id": *"[^"]*"' <<<"$models" | head -1 | cut -d'"' -f4) || true
if [ -n "$model" ]; then
  cat <<END

Ready. Try:
  curl $base/v1/models
  curl $base/v1/chat/completions -d '{"model": "$model", "messages": [{"role": "user", "content": "Hello"}]}'
  curl -N $base/v1/chat/completions -d '{"model": "$model", "stream": true, "messages": [{"role": "user", "content": "Hello"}]}'

END
fi

status=0
wait "$pid" || status=$?
while kill -0 "$pid" 2>/dev/null; do  # a signal may end the wait before sluice ends
  status=0
  wait "$pid" || status=$?
done
wait "$reader" || true
trap - EXIT
exit "$status"
