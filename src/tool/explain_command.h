// `sluice explain`: how a request for a model would be routed, and why.
#pragma once

#include <string>

#include "net/clock.h"
#include "tool/startup.h"

namespace sluice {

struct ExplainOptions {
  std::string model;         // "": the request's
  std::string request_file;  // whose body it would have; "": none
  std::string affinity;      // what the same target is wanted for
};

// Asks the configuration's providers for their lists and prints the plan. The program's exit code: 1 where nobody would
// be asked.
int run_explain(const StartupOptions& options, const ExplainOptions& what, const net::Clock& clock, bool json);

}  // namespace sluice
