// Prints the configuration that results from file, variables, flags and defaults, for `sluice check --print`.
#pragma once

#include <string>

#include "config/config.h"
#include "config/origins.h"

namespace sluice::config {

// In the form of sluice.json, with each value's origin in a comment after it. Secrets are "***"; with those filled in,
// it is an equivalent configuration. Absent settings without a neutral value (a key's "models") are left out.
std::string print_commented(const Config& config, const Origins& origins);

// The same as two members of a JSON object, without braces: "config":{...},"origins":{"workers":"default",...}
std::string print_members(const Config& config, const Origins& origins);

}  // namespace sluice::config
