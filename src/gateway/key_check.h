// What can only be seen of callers' keys by hashing them.
#pragma once

#include <vector>

#include "config/config.h"
#include "config/problem.h"

namespace sluice::gateway {

// A secret that stands in clear in one place and as its digest in another.
std::vector<config::Problem> check_keys(const config::Config& config);

}  // namespace sluice::gateway
