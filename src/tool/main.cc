// The command line: flags -> configuration -> gateway -> run until a signal ends it.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/heap.h"
#include "base/json_writer.h"
#include "config/banner.h"
#include "config/print.h"
#include "daemon/descriptor_limit.h"
#include "daemon/notifier.h"
#include "daemon/pid_file.h"
#include "daemon/port_holder.h"
#include "daemon/standard_streams.h"
#include "daemon/watchdog.h"
#include "net/clock.h"
#include "observe/log.h"
#include "observe/log_file.h"
#include "sluice/gateway.h"
#include "tool/bench_command.h"
#include "tool/command_line.h"
#include "tool/explain_command.h"
#include "tool/models_command.h"
#include "tool/reloader.h"
#include "tool/signals.h"
#include "tool/startup.h"
#include "tool/supervisor.h"

namespace sluice {
namespace {

const std::vector<std::string> no_lines;
constexpr int exit_fine = 0, exit_wrong_usage = 1, exit_could_not_start = 2;

int say(const StartupFailure& failure, const net::Clock& clock, bool json = false) {
  for (const std::string& text : failure.lines) {
    const std::string line =
        json ? observe::log_line(true, clock.unix_ms(), observe::Level::error, text) : "sluice: " + text + "\n";
    std::fputs(line.c_str(), stderr);
  }
  return failure.exit_code;
}

// For errors before the configuration has been read.
bool wants_json(const StartupOptions& options) {
  return options.flags.log_format.value_or(variable_or_empty("SLUICE_LOG_FORMAT")) == "json";
}

// Connects to the service manager; a wrong $NOTIFY_SOCKET is no reason not to start.
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

void say_start(const config::Config& config, const Gateway& gateway, uint64_t descriptors, const net::Clock& clock,
               observe::Log& log) {
  std::string addresses;
  for (const std::string& address : gateway.addresses()) addresses += (addresses.empty() ? "" : ", ") + address;
  const std::initializer_list<observe::LogField> facts = {
      {"version", SLUICE_VERSION},      {"listen", addresses},
      {"config", config.file},          {"pid", ::getpid()},
      {"workers", gateway.workers()},   {"providers", config.providers.size()},
      {"models", config.models.size()}, {"keys", config.keys.size()}};
  constexpr std::string_view started = "sluice has started";
  std::string block;  // standard output always shows where sluice listens, wherever the log goes
  if (!config.log.json) block = config::banner(config, gateway.addresses());
  if (config.log.json && !config.log.file.empty()) {
    block = observe::log_line(true, clock.unix_ms(), observe::Level::info, started, facts);
  }
  std::fwrite(block.data(), 1, block.size(), stdout);
  std::fflush(stdout);
  log.always(observe::Level::info, started, facts);
  log_warnings(log, config.warnings);
  if (!config.limits.connections_given) return;
  const std::string warning = daemon::descriptor_warning(descriptors, gateway.workers(), config.limits.connections);
  if (!warning.empty()) log.warn(warning);
}

// Adds to "cannot listen on 127.0.0.1:8000: address already in use" which process holds it, if known, and what to do.
std::string with_holder(const std::string& why) {
  constexpr std::string_view before = "cannot listen on ", after = ": address already in use";
  if (!why.starts_with(before) || !why.ends_with(after)) return why;
  const std::string address = why.substr(before.size(), why.size() - before.size() - after.size());
  constexpr std::string_view unix_scheme = "unix:";
  const bool path = address.starts_with(unix_scheme);
  const unsigned port = path ? 0 : static_cast<unsigned>(std::atoi(address.c_str() + address.rfind(':') + 1));
  const std::string holder = path ? daemon::holder_of_socket(address.substr(unix_scheme.size()))
                                  : daemon::holder_of_port(static_cast<uint16_t>(port));
  std::string text = why + (holder.empty() ? "" : " by " + holder) + "; stop that one, or listen elsewhere: ";
  if (path) return text + "--listen unix:PATH";
  return text + "--port " + std::to_string(port < 65535 ? port + 1 : port - 1) + ", or --listen ADDRESS";
}

[[gnu::cold]] int run(StartupOptions options, const net::Clock& clock) {
  if (options.config_file == "-") {
    return say(
        {exit_wrong_usage, {"a configuration from standard input can only be checked: it could not be reloaded"}},
        clock);
  }
  auto sockets = take_passed_sockets();
  if (!sockets) return say(sockets.error(), clock, wants_json(options));
  for (const net::ListenSocket& socket : *sockets) options.passed.push_back(socket.text());
  auto loaded = load_config(options, clock);
  if (!loaded) return say(loaded.error(), clock, wants_json(options));
  const auto config = std::make_shared<const config::Config>(std::move(*loaded));
  const auto cannot_start = [&](const std::string& why) {
    return say({exit_could_not_start, {why}}, clock, config->log.json);
  };
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
  observe::Log log(
      {level, config->log.json, log_file ? log_file->fd() : STDOUT_FILENO, [&clock] { return clock.unix_ms(); }});
  mask_secrets(log, {config.get()});
  const daemon::Notifier notifier = make_notifier(log);
  auto gateway = Gateway::start(config, log, std::move(*sockets));
  if (!gateway) return cannot_start(with_holder(gateway.error()));
  std::optional<daemon::PidFile> pid_file;
  if (!config->pid_file.empty()) {
    auto written = daemon::PidFile::write(config->pid_file);
    if (!written) return cannot_start(written.error().message);
    pid_file = std::move(*written);
  }
  say_start(*config, **gateway, descriptors, clock, log);
  Reloader reloader(options, config, **gateway, log, notifier, clock);
  Supervisor supervisor(
      {signals, **gateway, log, log_file ? &*log_file : nullptr, reloader, notifier, watchdog_us(notifier), clock});
  (*gateway)->on_reload_asked([&reloader](const std::string& by, Gateway::Reloaded done) {
    reloader.ask("POST /admin/reload, " + by, std::move(done));
  });
  reloader.start();
  supervisor.run();
  (*gateway)->on_reload_asked(nullptr);
  reloader.stop();
  (*gateway)->stop();
  return exit_fine;
}

// Prints the result as one JSON object: {"file", "fine", "problems": [{"severity", "source", "path", "line", "column",
// "message"}]}, followed by `members`.
void print_json(const std::string& file, const std::vector<config::Problem>& problems,
                const std::vector<std::string>& others, std::string_view severity_of_others,
                const std::string& members = {}) {
  std::string text;
  JsonWriter out(text);
  out.object().member("file", file).member("fine", problems.empty() && severity_of_others == "warning");
  out.key("problems").array();
  const auto add = [&](std::string_view severity, const config::Problem& problem, const std::string& message) {
    out.object().member("severity", severity).member("source", problem.source).member("path", problem.path);
    out.member("line", problem.line).member("column", problem.column).member("message", message).end_object();
  };
  for (const config::Problem& problem : problems) {
    config::Problem bare = problem;
    bare.source = bare.path = "";
    bare.line = 0;
    add("error", problem, describe(bare));
  }
  for (const std::string& other : others) add(severity_of_others, {}, other);
  out.end_array();
  if (!members.empty()) out.raw(members);
  out.end_object();
  std::puts(text.c_str());
}

int check(const StartupOptions& options, const net::Clock& clock, bool json, bool print) {
  config::Origins origins;
  auto config = load_config(options, clock, print ? &origins : nullptr);
  if (!config) {
    StartupFailure& failure = config.error();
    if (!failure.problems.empty()) failure.exit_code = exit_wrong_usage;  // it could be read
    if (!json) return say(failure, clock);
    print_json(options.config_file, failure.problems, failure.problems.empty() ? failure.lines : no_lines, "error");
    return failure.exit_code;
  }
  if (json) {
    print_json(config->file, {}, config->warnings, "warning", print ? print_members(*config, origins) : "");
    return exit_fine;
  }
  if (print) std::fputs(print_commented(*config, origins).c_str(), stdout);
  std::FILE* const words = print ? stderr : stdout;  // so that standard output holds only the configuration
  for (const std::string& warning : config->warnings) std::fprintf(words, "warning: %s\n", warning.c_str());
  std::fprintf(words, "%s is fine: %zu providers, %zu models, %zu keys\n",
               config->file.empty() ? "the configuration" : config->file.c_str(), config->providers.size(),
               config->models.size(), config->keys.size());
  return exit_fine;
}

// The exit code of a command that has printed its result: scripts must not take half of it for all.
int printed(int exit_code) {
  std::fflush(stdout);
  if (std::ferror(stdout) == 0 && std::cout.good()) return exit_code;  // CLI11 prints to std::cout
  std::fputs("sluice: cannot write all of it to standard output\n", stderr);
  return exit_could_not_start;
}

[[gnu::cold]] int command_line(int argc, char** argv) {
  const net::Clock& clock = net::Clock::system();
  CommandLine line;
  if (const std::optional<int> done = line.read(argc, argv)) return printed(*done);
  switch (line.command()) {
    case Command::version:
      std::printf("sluice %s\n", SLUICE_VERSION);
      return printed(exit_fine);
    case Command::bench:
      return printed(run_bench(line.bench()));
    case Command::explain:
      return printed(run_explain(line.startup(), line.explain(), clock, line.json()));
    case Command::models:
      return printed(run_models(line.startup(), clock, line.json(), line.facts()));
    case Command::check:
      return printed(check(line.startup(), clock, line.json(), line.print()));
    case Command::run:
      break;
  }
  return run(line.startup(), clock);
}

}  // namespace
}  // namespace sluice

int main(int argc, char** argv) {
  if (!sluice::daemon::ready_standard_streams()) return sluice::exit_could_not_start;
  sluice::keep_freed_memory();
  return sluice::command_line(argc, argv);
}
