// The configuration that results from file, variables, flags and defaults, as `sluice check --print` shows it.
#pragma once

#include <string>

#include "config/config.h"
#include "config/origins.h"

namespace sluice::config {

// As a sluice.json, with what each value came from in a comment behind it. Secrets are "***"; with them in their places
// it is a configuration that says the same. What is not there and has no value for that (a key's "models") is left out.
std::string print_commented(const Config& config, const Origins& origins);

// The same as two members of a JSON object, without the braces: "config":{...},"origins":{"workers":"default",...}
std::string print_members(const Config& config, const Origins& origins);

}  // namespace sluice::config
