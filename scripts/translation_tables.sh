#!/usr/bin/env bash
# Rewrites the tables of docs/translation.md from the code: scripts/translation_tables.sh [BUILD-FOLDER]. A test checks
# that they are current.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
folder=${1:-build/debug}
cmake --build "$folder" --target test_translation
SLUICE_WRITE_TABLES=1 "$folder/tests/test_translation" "docs/translation.md says what the code does"
