#!/usr/bin/env bash
# Installs what building sluice needs (Debian 12 packages). --test, --bench, --lint and --count (of instructions) add
# what those need. If everything is installed, it changes nothing and needs no network.
set -euo pipefail

# "package" must be installed; "package=command" is also satisfied if the command comes from elsewhere.
wanted=(g++=g++ cmake=cmake ninja-build=ninja pkg-config=pkg-config ccache=ccache libuv1-dev libssl-dev zlib1g-dev
        libzstd-dev nlohmann-json3-dev libcli11-dev libexpected-dev catch2 node-llhttp)
for group in "$@"; do
  case $group in
    --test) wanted+=(python3=python3 nodejs=node npm=npm openssl=openssl curl=curl
                     nginx-light=nginx haproxy=haproxy caddy=caddy tinyproxy=tinyproxy systemd=systemd-analyze prometheus=promtool) ;;
    --bench) wanted+=(nginx-light=nginx haproxy=haproxy wrk=wrk curl=curl openssl=openssl gnuplot-nox=gnuplot) ;;
    --lint) wanted+=(clang-14=clang++-14 clang-format-14=clang-format-14 clang-tidy-14=clang-tidy-14 libclang-rt-14-dev) ;;
    --count) wanted+=(valgrind=valgrind openssl=openssl) ;;
    *) echo "usage: scripts/deps.sh [--test] [--bench] [--lint] [--count]" >&2; exit 1 ;;
  esac
done

PATH=$PATH:/usr/sbin  # nginx and haproxy live there
installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

missing=()
for entry in "${wanted[@]}"; do
  package=${entry%%=*}
  program=${entry#*=}
  if [ "$program" != "$entry" ] && command -v "$program" >/dev/null; then continue; fi
  installed "$package" || missing+=("$package")
done
case " $* " in
  *" --test "*) python3 -c 'import venv, ensurepip' 2>/dev/null || missing+=(python3-venv) ;;
esac
[ ${#missing[@]} -eq 0 ] && exit 0

echo "installing: ${missing[*]}"
as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
for i in "${!missing[@]}"; do  # tests that need these report it and are skipped
  case ${missing[i]} in
    caddy | tinyproxy | systemd | prometheus) apt-cache show "${missing[i]}" >/dev/null 2>&1 || { echo "not available: ${missing[i]}"; unset "missing[i]"; } ;;
  esac
done
[ ${#missing[@]} -eq 0 ] && exit 0
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
