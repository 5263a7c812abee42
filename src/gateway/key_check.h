// Checks on callers' keys that need hashing.
#pragma once

#include <vector>

#include "config/config.h"
#include "config/problem.h"

namespace sluice::gateway {

// Reports each secret that is given in clear in one place and as its digest in another.
std::vector<config::Problem> check_keys(const config::Config& config);

}  // namespace sluice::gateway
