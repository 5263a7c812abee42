#!/usr/bin/env bash
# Shows what grows with the configuration and what does not: benchmarks/scale.sh [--quick] [--release FOLDER] [--out
# FILE.md]. Starts and reloads a release with up to 100,000 keys, 10,000 models and 1,000 providers, and counts the
# instructions per request with callgrind.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec python3 -B benchmarks/scale.py "$@"
