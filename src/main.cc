// The command line: flags -> configuration -> gateway -> run until a signal says otherwise.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "bench_command.h"
#include "config/banner.h"
#include "daemon/descriptor_limit.h"
#include "daemon/notifier.h"
#include "daemon/pid_file.h"
#include "daemon/watchdog.h"
#include "keeper.h"
#include "observe/log.h"
#include "observe/log_file.h"
#include "reloader.h"
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

// Where the manager is to be told how things are; a wrong $NOTIFY_SOCKET is no reason not to start.
daemon::Notifier make_notifier(observe::Log& log) {
  const std::string address = variable_or_empty("NOTIFY_SOCKET");
  if (address.empty()) return {};
  auto notifier = daemon::Notifier::to(address);
  if (notifier) return std::move(*notifier);
  log.warn(notifier.error().message);
  return {};
}

uint64_t watchdog_us(const daemon::Notifier& notifier) {
  if (!notifier.on()) return 0;
  return daemon::watchdog_interval_us(variable_or_empty("WATCHDOG_USEC"), variable_or_empty("WATCHDOG_PID"),
                                      static_cast<uint64_t>(::getpid()));
}

void say_start(const config::Config& config, const Gateway& gateway, uint64_t descriptors, observe::Log& log) {
  const std::string block = config::banner(config, gateway.addresses());
  std::fwrite(block.data(), 1, block.size(), stdout);
  std::fflush(stdout);
  log_warnings(log, config.warnings);
  if (!config.limits.connections_given) return;
  const std::string warning = daemon::descriptor_warning(descriptors, gateway.workers(), config.limits.connections);
  if (!warning.empty()) log.warn(warning);
}

int run(StartupOptions options) {
  auto sockets = take_passed_sockets();
  if (!sockets) return say(sockets.error());
  for (const net::ListenSocket& socket : *sockets) options.passed.push_back(socket.text());
  auto loaded = load_config(options);
  if (!loaded) return say(loaded.error());
  const auto config = std::make_shared<const config::Config>(std::move(*loaded));
  const auto cannot_start = [](const std::string& why) { return say({exit_could_not_start, {why}}); };
  const uint64_t descriptors = daemon::raise_descriptor_limit();
  if (!config->pid_file.empty()) {
    if (const auto free = daemon::PidFile::check(config->pid_file); !free) return cannot_start(free.error().message);
  }
  std::optional<observe::LogFile> log_file;  // outlives the log
  if (!config->log.file.empty()) {
    auto opened = observe::LogFile::open(config->log.file);
    if (!opened) return cannot_start(opened.error().message);
    log_file = std::move(*opened);
  }
  Signals signals;  // before any thread is made
  const observe::Level level = observe::level_named(config->log.level).value_or(observe::Level::info);
  observe::Log log({level, config->log.json, log_file ? log_file->fd() : STDOUT_FILENO});
  mask_secrets(log, {config.get()});
  const daemon::Notifier notifier = make_notifier(log);
  auto gateway = Gateway::start(config, log, std::move(*sockets));
  if (!gateway) return cannot_start(gateway.error());
  std::optional<daemon::PidFile> pid_file;
  if (!config->pid_file.empty()) {
    auto written = daemon::PidFile::write(config->pid_file);
    if (!written) return cannot_start(written.error().message);
    pid_file = std::move(*written);
  }
  say_start(*config, **gateway, descriptors, log);
  Reloader reloader(options, config, **gateway, log, notifier);
  Keeper keeper({signals, **gateway, log, log_file ? &*log_file : nullptr, reloader, notifier, watchdog_us(notifier)});
  (*gateway)->on_reload_asked([&reloader](const std::string& by, Gateway::Reloaded done) {
    reloader.ask("POST /admin/reload, " + by, std::move(done));
  });
  reloader.start();
  keeper.keep();
  (*gateway)->on_reload_asked(nullptr);
  reloader.stop();
  (*gateway)->stop();
  return exit_fine;
}

int check(const StartupOptions& options) {
  auto config = load_config(options);
  if (!config && !config.error().problems.empty()) config.error().exit_code = exit_wrong_usage;  // it could be read
  if (!config) return say(config.error());
  for (const std::string& warning : config->warnings) std::printf("warning: %s\n", warning.c_str());
  std::printf("%s is fine: %zu providers, %zu models, %zu keys\n",
              config->file.empty() ? "the configuration" : config->file.c_str(), config->providers.size(),
              config->models.size(), config->keys.size());
  return exit_fine;
}

struct Flags {
  StartupOptions startup;
  std::string workers, log_level, log_format, pid_file;

  void add_to(CLI::App& app) {
    app.add_option("-c,--config", startup.config_file,
                   "the configuration (default: $SLUICE_CONFIG, then ./sluice.json)");
    app.add_option("-l,--listen", startup.flags.listen,
                   "address to listen on, 127.0.0.1:8000 or unix:/path; may be repeated");
    app.add_option("-w,--workers", workers, "threads (default: one a core)");
    app.add_flag("--demo", startup.demo, "add the built-in demo provider");
    app.add_option("--log-level", log_level, "trace, debug, info, warn or error");
    app.add_option("--log-format", log_format, "text or json");
    app.add_option("--pid-file", pid_file, "a file to write the process number to, once sluice listens");
  }
  const StartupOptions& options() {
    if (!workers.empty()) startup.flags.workers = workers;
    if (!log_level.empty()) startup.flags.log_level = log_level;
    if (!log_format.empty()) startup.flags.log_format = log_format;
    if (!pid_file.empty()) startup.flags.pid_file = pid_file;
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
  BenchCommand bench_command(app);
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
  if (bench_command.given()) return bench_command.run();
  return check_command->parsed() ? check(flags.options()) : run(flags.options());
}

}  // namespace
}  // namespace sluice

int main(int argc, char** argv) { return sluice::command_line(argc, argv); }
