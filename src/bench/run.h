// A run: makes callers, lets them ask until the requests are done, the time is up or a stop is asked for, and sums up.
// Everything happens on the calling thread, on a separate loop.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "bench/options.h"
#include "bench/report.h"

namespace sluice::bench {

struct Hooks {
  // Called ten times a second; true ends the run immediately.
  std::function<bool()> stop_asked;
  // Gets a line five times a second while requests are made; null: no progress is reported.
  std::function<void(std::string_view line)> progress;
};

// Error: why the run could not start, and what to do, in one line. After the time is up no request begins; those in
// progress are awaited, each no longer than its timeout.
tl::expected<Summary, std::string> run(const Options& options, const Hooks& hooks);

}  // namespace sluice::bench
