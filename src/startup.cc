#include "startup.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "config/discover.h"
#include "config/parse.h"
#include "config/validate.h"
#include "gateway/local_programs.h"

namespace sluice {
namespace {

constexpr uint64_t local_probe_ms = 300;

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
  return failure;
}

tl::expected<config::Config, StartupFailure> read_file(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  if (in) text << in.rdbuf();
  if (!in) {
    return tl::unexpected<StartupFailure>(
        StartupFailure{2, {"cannot read " + file + ": " + std::strerror(errno) + "; name another file with --config"}});
  }
  auto config = config::parse(text.str(), file, variable);
  if (!config) return tl::unexpected<StartupFailure>(failure_of(config.error()));
  config->file = file;
  return std::move(*config);
}

}  // namespace

tl::expected<config::Config, StartupFailure> load_config(const StartupOptions& options) {
  config::Config config;
  if (const std::string file = file_to_read(options); !file.empty()) {
    auto read = read_file(file);
    if (!read) return read;
    config = std::move(*read);
  }
  std::vector<config::Problem> problems = config::apply_overrides(config, options.flags, variable);
  if (!problems.empty()) return tl::unexpected<StartupFailure>(failure_of(problems));
  if (config.listen.empty()) config.listen.push_back(config::default_address());
  if (options.demo) {
    config::add_demo(config);
  } else if (config.providers.empty()) {
    config::add_discovered(config, variable, gateway::find_local_programs(config::local_probes(), local_probe_ms));
  }
  problems = config::validate(config);
  if (!problems.empty()) return tl::unexpected<StartupFailure>(failure_of(problems));
  return config;
}

}  // namespace sluice
