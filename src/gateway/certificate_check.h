// Whether the certificates, keys and authorities that a configuration names can be used, without using them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/problem.h"

namespace sluice::gateway {

// Reads every file. What would keep a start from succeeding is returned, all of it; what is likely to be refused by
// others (a certificate that is not yet or no longer good at `now_unix_s`, or soon ends) is added to config.warnings.
std::vector<config::Problem> check_certificates(config::Config& config, int64_t now_unix_s);

}  // namespace sluice::gateway
