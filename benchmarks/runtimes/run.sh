#!/usr/bin/env bash
# Compares event loops: the same minimal proxy on libuv, epoll, Asio, libevent and io_uring, measured side by side.
# About two minutes; --quick: only checks that everything works. Writes build/bench/runtimes.md and runtimes.json.
# Installs what it needs (Debian 12). SLUICE_LLHTTP_SOURCE in the environment has the meaning of cmake's
# -DSLUICE_LLHTTP_SOURCE.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

# As in scripts/deps.sh: "package=command" is also satisfied if the command comes from elsewhere.
wanted=(g++=g++ pkg-config=pkg-config python3=python3 util-linux=taskset binutils=strip strace=strace node-llhttp
        libuv1-dev libasio-dev libevent-dev liburing-dev)
missing=()
for entry in "${wanted[@]}"; do
  package=${entry%%=*}
  program=${entry#*=}
  if [ "$program" != "$entry" ] && command -v "$program" >/dev/null; then continue; fi
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  echo "installing: ${missing[*]}" >&2
  as_root=()
  [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  export DEBIAN_FRONTEND=noninteractive
  "${as_root[@]}" apt-get -o DPkg::Lock::Timeout=120 update -qq
  "${as_root[@]}" apt-get -o DPkg::Lock::Timeout=120 install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
exec python3 -B benchmarks/runtimes/measure.py "$@"
