// Checks that need the whole configuration, after flags, variables and discovery.
#pragma once

#include <vector>

#include "config/config.h"
#include "config/problem.h"

namespace sluice::config {

inline constexpr uint32_t max_workers = 256;

// Where sluice listens unless told otherwise: 127.0.0.1:8000.
Address default_address();

// Reasons not to start: an address that other machines can reach without any key configured; a model whose provider
// does not exist. Adds warnings about what works but should be known (certificates not verified, keys sent in clear,
// base URLs that look wrong).
std::vector<Problem> validate(Config& config);

}  // namespace sluice::config
