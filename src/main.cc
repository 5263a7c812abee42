// The command line: flags -> configuration -> gateway -> run until a signal says otherwise.
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "config/banner.h"
#include "observe/log.h"
#include "signals.h"
#include "sluice/gateway.h"
#include "startup.h"

namespace sluice {
namespace {

constexpr int exit_fine = 0, exit_wrong_usage = 1, exit_could_not_start = 2;

int say(const StartupFailure& failure) {
  for (const std::string& line : failure.lines) std::fprintf(stderr, "sluice: %s\n", line.c_str());
  return failure.exit_code;
}

observe::Level level_named(const std::string& name) {
  if (name == "trace") return observe::Level::trace;
  if (name == "debug") return observe::Level::debug;
  if (name == "warn") return observe::Level::warn;
  if (name == "error") return observe::Level::error;
  return observe::Level::info;
}

void mask_secrets(observe::Log& log, const config::Config& config) {
  for (const config::CallerKey& key : config.keys) log.mask(key.key);
  for (const config::Provider& provider : config.providers) {
    log.mask(provider.api_key);
    for (const auto& [name, value] : provider.headers) log.mask(value);
  }
}

// Thousands of callers need as many descriptors as the system will give.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// Drains on the first signal, ends on the second or when the grace has passed.
void wait_for_end(Signals& signals, Gateway& gateway, observe::Log& log, uint32_t grace_ms) {
  while (signals.wait(-1) != Signals::Woken::terminate) {
  }
  log.info("draining: new requests are refused, running ones may finish", {{"grace_ms", std::to_string(grace_ms)}});
  gateway.drain([&signals] { signals.poke(); });
  switch (signals.wait(grace_ms)) {
    case Signals::Woken::poked:
      return log.info("drained");
    case Signals::Woken::terminate:
      return log.warn("second signal: ending at once");
    case Signals::Woken::timeout:
      return log.warn("the grace has passed: cutting what still runs");
  }
}

int run(const StartupOptions& options) {
  auto config = load_config(options);
  if (!config) return say(config.error());
  raise_descriptor_limit();
  Signals signals;  // before any thread is made
  observe::Log log({level_named(config->log.level), config->log.json, 1});
  mask_secrets(log, *config);
  const config::Config& settings = *config;
  auto gateway = Gateway::start(settings, log);
  if (!gateway) return say({exit_could_not_start, {gateway.error()}});
  const std::string block = config::banner(settings, (*gateway)->addresses());
  std::fwrite(block.data(), 1, block.size(), stdout);
  std::fflush(stdout);
  for (const std::string& warning : settings.warnings) log.warn(warning);
  wait_for_end(signals, **gateway, log, settings.shutdown_grace_ms);
  (*gateway)->stop();
  return exit_fine;
}

int check(const StartupOptions& options) {
  const auto config = load_config(options);
  if (!config) return say(config.error());
  for (const std::string& warning : config->warnings) std::printf("warning: %s\n", warning.c_str());
  std::printf("%s is fine: %zu providers, %zu models, %zu keys\n",
              config->file.empty() ? "the configuration" : config->file.c_str(), config->providers.size(),
              config->models.size(), config->keys.size());
  return exit_fine;
}

struct Flags {
  StartupOptions startup;
  std::string workers, log_level, log_format;

  void add_to(CLI::App& app) {
    app.add_option("-c,--config", startup.config_file,
                   "the configuration (default: $SLUICE_CONFIG, then ./sluice.json)");
    app.add_option("-l,--listen", startup.flags.listen,
                   "address to listen on, 127.0.0.1:8000 or unix:/path; may be repeated");
    app.add_option("-w,--workers", workers, "threads (default: one a core)");
    app.add_flag("--demo", startup.demo, "add the built-in demo provider");
    app.add_option("--log-level", log_level, "trace, debug, info, warn or error");
    app.add_option("--log-format", log_format, "text or json");
  }
  const StartupOptions& options() {
    if (!workers.empty()) startup.flags.workers = workers;
    if (!log_level.empty()) startup.flags.log_level = log_level;
    if (!log_format.empty()) startup.flags.log_format = log_format;
    return startup;
  }
};

int command_line(int argc, char** argv) {
  CLI::App app("sluice: one gateway for every LLM API");
  app.name("sluice");
  app.footer(
      "Without a file, providers whose usual key variable is set are found by themselves; with none, a demo answers.");
  Flags flags;
  flags.add_to(app);
  CLI::App* run_command = app.add_subcommand("run", "run the gateway (the default)");
  flags.add_to(*run_command);
  CLI::App* check_command = app.add_subcommand("check", "say everything that is wrong with a configuration");
  check_command->add_option("file", flags.startup.config_file, "the configuration (default: as for run)");
  CLI::App* version_command = app.add_subcommand("version", "print the version");
  app.require_subcommand(0, 1);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? exit_fine : exit_wrong_usage;
  }
  if (version_command->parsed()) {
    std::printf("sluice %s\n", SLUICE_VERSION);
    return exit_fine;
  }
  return check_command->parsed() ? check(flags.options()) : run(flags.options());
}

}  // namespace
}  // namespace sluice

int main(int argc, char** argv) { return sluice::command_line(argc, argv); }
