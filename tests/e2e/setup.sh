#!/usr/bin/env bash
# Installs the Python and Node packages that the end-to-end tests need: setup.sh FOLDER. Does nothing if they are there.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mkdir -p "$1"
cd "$1"
exec 9>lock
flock 9  # two builds may run their tests at the same time

wanted=$(cat "$here"/requirements*.txt "$here/package.json" | sha256sum)
[ -f made-from ] && [ "$(cat made-from)" = "$wanted" ] && exit 0
rm -f made-from
[ -x venv/bin/pip ] || python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"
venv/bin/pip install --quiet --disable-pip-version-check --only-binary :all: --requirement "$here/requirements-llama.txt" ||
  echo "no llama.cpp: the tests that need it are skipped" >&2
venv/bin/pip install --quiet --disable-pip-version-check --only-binary :all: --requirement "$here/requirements-frameworks.txt" ||
  echo "no pydantic-ai and LangChain: the tests that need them are skipped" >&2
cp "$here/package.json" package.json
npm install --silent --no-audit --no-fund --no-package-lock --loglevel=error
echo "$wanted" >made-from
