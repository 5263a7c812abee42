// A run: makes callers, lets them ask until the requests are done, the time is over or somebody says stop, and sums up.
// Everything happens on the thread that calls it, on a loop of its own.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "bench/options.h"
#include "bench/report.h"

namespace sluice::bench {

struct Hooks {
  // Asked ten times a second; true ends the run at once.
  std::function<bool()> stop_asked;
  // Gets a line five times a second while requests are made; null where nobody looks.
  std::function<void(std::string_view line)> progress;
};

// The error: why it could not start, and what to do, in one line. When the time is over no request begins any more;
// those under way are waited for, each no longer than its timeout.
tl::expected<Summary, std::string> run(const Options& options, const Hooks& hooks);

}  // namespace sluice::bench
