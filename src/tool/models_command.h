// `sluice models`: what can be asked for, told by the providers themselves.
#pragma once

#include "net/clock.h"
#include "tool/startup.h"

namespace sluice {

// Asks the configuration's providers and prints what they have told. The program's exit code: 3 where one of them has
// not told its list. `facts`: also what each model takes, in the words of the configuration.
int run_models(const StartupOptions& options, const net::Clock& clock, bool json, bool facts);

}  // namespace sluice
