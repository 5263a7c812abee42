// The command `sluice bench URL`.
#pragma once

#include "bench/options.h"

namespace sluice {

// Runs it and prints the results. 0: fine, 1: wrong flags, 2: could not start, 3: requests failed, or none was
// answered.
[[gnu::cold]] int run_bench(const bench::Flags& flags);

}  // namespace sluice
