// `sluice explain`: how a request for a model would be routed, and why.
#pragma once

#include <string>

#include "net/clock.h"
#include "tool/startup.h"

namespace sluice {

struct ExplainOptions {
  std::string model;         // "": the request's
  std::string request_file;  // the file with the request's body; "": none
  std::string affinity;      // the affinity key
};

// Asks the configuration's providers for their model lists and prints the plan. Returns the exit code: 1 if no target
// would be tried.
int run_explain(const StartupOptions& options, const ExplainOptions& what, const net::Clock& clock, bool json);

}  // namespace sluice
