// The bytes of a run's requests: written once, sent again and again.
#pragma once

#include <string>
#include <string_view>

#include "bench/options.h"

namespace sluice::bench {

// GET .../models
std::string models_request(const Options& options);
// POST .../chat/completions or .../messages for an answer of `model`, head and body.
std::string answer_request(const Options& options, std::string_view model);

}  // namespace sluice::bench
