#include "bench_command.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "bench/run.h"
#include "daemon/descriptor_limit.h"
#include "signals.h"
#include "startup.h"

namespace sluice {
namespace {

constexpr uint64_t spare_descriptors = 32;  // beside one a connection

// A line of the terminal that is written again and again.
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
  size_t width_ = 0;  // of what is there
};

}  // namespace

BenchCommand::BenchCommand(CLI::App& app)
    : command_(app.add_subcommand("bench", "put load on an endpoint and measure its answers")) {
  struct Option {
    const char* names;
    std::string bench::Flags::*text;
    const char* help;
  };
  constexpr Option options[] = {
      {"url", &bench::Flags::url, "sluice or a provider, as http://127.0.0.1:8000"},
      {"-m,--model", &bench::Flags::model, "(default: the first that URL/v1/models lists)"},
      {"-c,--connections", &bench::Flags::connections, "callers at once, each on its own connection (16)"},
      {"-n,--requests", &bench::Flags::requests, "end after so many requests"},
      {"-d,--duration", &bench::Flags::duration, "end after so many seconds (10, where -n is not given)"},
      {"--prompt", &bench::Flags::prompt, "what to ask"},
      {"--max-tokens", &bench::Flags::max_tokens, "of one answer (64)"},
      {"--dialect", &bench::Flags::dialect, "openai or anthropic (openai)"},
      {"--key-env", &bench::Flags::key_env,
       "the variable that holds the key (OPENAI_API_KEY or ANTHROPIC_API_KEY, if set)"},
      {"--timeout", &bench::Flags::timeout, "seconds for one request (120)"},
      {"--ca-file", &bench::Flags::ca_file, "PEM: trust these authorities in place of the system's"},
  };
  for (const Option& option : options) command_->add_option(option.names, flags_.*option.text, option.help);
  command_->get_option("url")->required();
  command_->add_flag("--stream", flags_.stream, "ask for streams");
  command_->add_flag("--json", flags_.json, "print one JSON object");
  command_->footer(
      "Exit codes: 0 fine, 1 wrong flags, 2 could not start, 3 requests have failed, or none was answered.");
}

BenchCommand::Exit BenchCommand::say(const std::string& line, Exit code) {
  std::fprintf(stderr, "sluice bench: %s\n", line.c_str());
  return code;
}

bool BenchCommand::given() const { return command_->parsed(); }

int BenchCommand::run() {
  const auto options = bench::options_from(flags_, variable_or_empty);
  if (!options) return say(options.error().message, wrong_flags);
  const uint64_t descriptors = daemon::raise_descriptor_limit();
  if (descriptors < options->connections + spare_descriptors) {
    return say(
        "the limit of open files (ulimit -n) is " + std::to_string(descriptors) + "; ask with fewer --connections",
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
  if (std::fwrite(report.data(), 1, report.size(), stdout) != report.size() || std::fflush(stdout) != 0) {
    return say("cannot write the report", could_not_start);
  }
  const bench::Tally& tally = *summary->tally;
  return tally.failures.count() == 0 && tally.answered > 0 ? fine : requests_failed;
}

}  // namespace sluice
