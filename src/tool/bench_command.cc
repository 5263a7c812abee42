#include "tool/bench_command.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "bench/run.h"
#include "daemon/descriptor_limit.h"
#include "tool/signals.h"
#include "tool/startup.h"

namespace sluice {
namespace {

constexpr uint64_t spare_descriptors = 32;  // besides one per connection

// A terminal line that is overwritten repeatedly.
class TerminalLine {
 public:
  void write(std::string_view text) {
    const size_t blanks = width_ > text.size() ? width_ - text.size() : 0;
    const std::string padded = "\r" + std::string(text) + std::string(blanks, ' ');
    std::fwrite(padded.data(), 1, padded.size(), stderr);
    width_ = text.size();
  }
  void wipe() {
    if (width_ == 0) return;
    write("");
    std::fputc('\r', stderr);
  }

 private:
  size_t width_ = 0;  // of the text shown
};

enum Exit : int { fine = 0, wrong_flags = 1, could_not_start = 2, requests_failed = 3 };

Exit say(const std::string& line, Exit code) {
  std::fprintf(stderr, "sluice bench: %s\n", line.c_str());
  return code;
}

}  // namespace

int run_bench(const bench::Flags& flags) {
  const auto options = bench::options_from(flags, variable_or_empty);
  if (!options) return say(options.error().message, wrong_flags);
  const uint64_t descriptors = daemon::raise_descriptor_limit();
  if (descriptors < options->connections + spare_descriptors) {
    return say("the limit of open files (ulimit -n) is " + std::to_string(descriptors) + "; use fewer --connections",
               could_not_start);
  }
  Signals signals;  // before any thread is made
  bench::Hooks hooks;
  hooks.stop_asked = [&signals] {
    const Signals::Woken woken = signals.wait(0);
    return woken == Signals::Woken::terminate || woken == Signals::Woken::reload;
  };
  TerminalLine line;
  if (::isatty(STDERR_FILENO) != 0) hooks.progress = [&line](std::string_view text) { line.write(text); };
  const auto summary = bench::run(*options, hooks);
  line.wipe();
  if (!summary) return say(summary.error(), could_not_start);
  const std::string report =
      options->json ? bench::report_json(*options, *summary) : bench::report_text(*options, *summary);
  std::fputs(report.c_str(), stdout);
  const bench::Tally& tally = *summary->tally;
  return tally.failures.count() == 0 && tally.answered > 0 ? fine : requests_failed;
}

}  // namespace sluice
