// `sluice models`: which models can be requested, according to the providers themselves.
#pragma once

#include "net/clock.h"
#include "tool/startup.h"

namespace sluice {

// Asks the configuration's providers for their lists and prints them. Returns the exit code: 3 if a provider did not
// give its list. `facts`: also prints each model's facts, in the configuration's terms.
int run_models(const StartupOptions& options, const net::Clock& clock, bool json, bool facts);

}  // namespace sluice
