#include "tool/startup.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <iterator>

#include "base/heap.h"
#include "base/plain_file.h"
#include "config/address.h"
#include "config/discover.h"
#include "config/parse.h"
#include "config/proxy.h"
#include "config/validate.h"
#include "daemon/activation.h"
#include "gateway/local_programs.h"
#include "tool/preflight.h"

namespace sluice {
namespace {

constexpr uint32_t local_probe_ms = 300;
constexpr size_t max_config_bytes = 256 << 20;  // 100,000 keys take about 12 MB

std::optional<std::string> variable(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());  // before any thread starts
  if (value == nullptr) return std::nullopt;
  return value;
}

std::string file_to_read(const StartupOptions& options) {
  if (!options.config_file.empty()) return options.config_file;
  if (const auto named = config::set_variable(variable, "SLUICE_CONFIG")) return *named;
  std::error_code ignored;
  return std::filesystem::exists("sluice.json", ignored) ? "sluice.json" : "";
}

StartupFailure failure_of(const std::vector<config::Problem>& problems) {
  StartupFailure failure;
  for (const config::Problem& problem : problems) failure.lines.push_back(describe(problem));
  failure.problems = problems;
  return failure;
}

void append(std::vector<config::Problem>& problems, std::vector<config::Problem> more) {
  std::move(more.begin(), more.end(), std::back_inserter(problems));
}

tl::expected<config::Config, StartupFailure> read_file(const std::string& file, config::Origins* origins) {
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored)) {
    const std::string inside = (std::filesystem::path(file) / "sluice.json").string();
    return tl::unexpected<StartupFailure>(
        StartupFailure{2, {file + " is a folder; name the file in it, as " + inside}});
  }
  Result<std::string> text = read_plain_file(file, max_config_bytes);
  if (!text) {
    return tl::unexpected<StartupFailure>(
        StartupFailure{2, {"cannot read " + file + ": " + text.error().message + "; name another file with --config"}});
  }
  auto config = config::parse(*text, file, variable, origins);
  // Returns a large file's memory to the system now rather than keeping it for later.
  constexpr size_t large_bytes = 1 << 20;
  if (text->size() > large_bytes) {
    std::string().swap(*text);
    give_freed_memory_back();
  }
  if (!config) return tl::unexpected<StartupFailure>(failure_of(config.error()));
  config->file = file;
  return std::move(*config);
}

tl::expected<config::Config, StartupFailure> read_standard_input(config::Origins* origins) {
  constexpr std::string_view name = "standard input";
  std::string text;
  char piece[16 * 1024];
  while (text.size() <= max_config_bytes && (std::cin.read(piece, sizeof piece), std::cin.gcount() > 0)) {
    text.append(piece, static_cast<size_t>(std::cin.gcount()));
  }
  if (text.size() > max_config_bytes) {
    return tl::unexpected<StartupFailure>(StartupFailure{2, {"cannot read standard input: it is too large"}});
  }
  auto config = config::parse(text, name, variable, origins);
  if (!config) return tl::unexpected<StartupFailure>(failure_of(config.error()));
  return std::move(*config);
}

// Passed sockets determine where to listen, unless the configuration does.
tl::expected<void, StartupFailure> adopt_passed(const std::vector<std::string>& passed, config::Config& config) {
  if (passed.empty() || config.listen_given) return {};
  config.listen.clear();
  for (const std::string& text : passed) {
    auto address = config::parse_address(text);
    if (!address) {
      return tl::unexpected<StartupFailure>(
          StartupFailure{2, {"a socket was passed at '" + text + "', " + address.error().message}});
    }
    config.listen.push_back(std::move(*address));
  }
  return {};
}

}  // namespace

tl::expected<config::Config, StartupFailure> load_config(const StartupOptions& options, const net::Clock& clock,
                                                         config::Origins* origins) {
  config::Config config;
  if (const std::string file = file_to_read(options); !file.empty()) {
    auto read = file == "-" ? read_standard_input(origins) : read_file(file, origins);
    if (!read) return read;
    config = std::move(*read);
  }
  std::vector<config::Problem> problems = config::apply_overrides(config, options.flags, variable, origins);
  if (config.listen.empty()) config.listen.push_back(config::default_address());
  if (const auto adopted = adopt_passed(options.passed, config); !adopted) return tl::unexpected(adopted.error());
  if (options.demo) {
    config::add_demo(config);
  } else if (config.providers.empty()) {
    append(problems, config::add_discovered(config, variable,
                                            gateway::find_local_programs(config::local_probes(), local_probe_ms)));
  }
  append(problems, config::apply_proxies(config, variable));
  append(problems, config::validate(config));
  const bool wrong_words = !problems.empty();
  append(problems, preflight(config, options.passed, clock.unix_s()));
  if (problems.empty()) return config;
  StartupFailure failure = failure_of(problems);
  failure.exit_code = wrong_words ? 1 : 2;
  return tl::unexpected<StartupFailure>(std::move(failure));
}

std::string variable_or_empty(const char* name) { return variable(name).value_or(""); }

tl::expected<std::vector<net::ListenSocket>, StartupFailure> take_passed_sockets() {
  const auto failed = [](const std::string& why) { return tl::unexpected<StartupFailure>(StartupFailure{2, {why}}); };
  const auto descriptors =
      daemon::passed_descriptors(variable_or_empty("LISTEN_PID"), variable_or_empty("LISTEN_FDS"),
                                 variable_or_empty("LISTEN_FDNAMES"), static_cast<uint64_t>(::getpid()));
  if (!descriptors) return failed(descriptors.error().message);
  std::vector<net::ListenSocket> sockets;
  for (const daemon::PassedDescriptor& descriptor : *descriptors) {
    auto socket = net::ListenSocket::passed(descriptor.fd);
    if (!socket) {
      return failed("a socket that was passed" + (descriptor.name.empty() ? "" : " (" + descriptor.name + ")") +
                    " cannot be used: " + socket.error().message);
    }
    sockets.push_back(std::move(*socket));
  }
  return sockets;
}

}  // namespace sluice
