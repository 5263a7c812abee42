// The block printed at start: where sluice listens, which providers it found and how, what to try, and how to point
// programs at it.
#pragma once

#include <span>
#include <string>

#include "config/config.h"

namespace sluice::config {

// Several lines, ready to print. `addresses`: where it listens, as URLs ("http://127.0.0.1:8000",
// "unix:/run/sluice.sock"). Contains no secret: keys are written as $KEY. Lines are for dialects that some provider
// speaks.
std::string banner(const Config& config, std::span<const std::string> addresses);

}  // namespace sluice::config
