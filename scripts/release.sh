#!/usr/bin/env bash
# Builds the program to deploy, build/release/sluice. It is compiled twice, the second time with a profile of a short
# run under load (profile-guided optimisation). scripts/run.sh builds it once, without a profile.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

scripts/deps.sh
find build/release -name '*.gcda' -delete 2>/dev/null || true
build release -DSLUICE_PROFILE=generate sluice bench_origin bench_load
benchmarks/train.sh build/release
build release -DSLUICE_PROFILE=use sluice
ls -l build/release/sluice
