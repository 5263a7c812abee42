#include "config/overrides.h"

#include <algorithm>
#include <charconv>
#include <span>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "config/address.h"
#include "config/fields.h"
#include "config/reader.h"
#include "config/validate.h"

namespace sluice::config {
namespace {

// The settings' names in one source.
struct Names {
  std::string_view listen, workers, log_level, log_format, pid_file;
};
constexpr Names flag_names = {"--listen", "--workers", "--log-level", "--log-format", "--pid-file"};
constexpr Names variable_names = {"SLUICE_LISTEN", "SLUICE_WORKERS", "SLUICE_LOG_LEVEL", "SLUICE_LOG_FORMAT",
                                  "SLUICE_PID_FILE"};

constexpr std::string_view all_variables[] = {"SLUICE_CONFIG",    "SLUICE_LISTEN",     "SLUICE_WORKERS",
                                              "SLUICE_LOG_LEVEL", "SLUICE_LOG_FORMAT", "SLUICE_PID_FILE"};

void report(std::vector<Problem>& problems, std::string_view source, std::string_view text, std::string_view reason,
            std::string allowed, std::string suggestion = {}) {
  Node value;
  value.kind = Node::Kind::string;
  value.text = text;
  std::string what = found(value);
  if (!reason.empty()) what += ": " + std::string(reason);
  problems.push_back(
      {std::string(source), 0, 0, "", std::move(what), std::move(suggestion), "allowed: " + std::move(allowed)});
}

void apply_listen(Config& config, const std::vector<std::string>& texts, std::string_view source,
                  std::vector<Problem>& problems) {
  std::vector<Address> listen;
  for (const std::string& text : texts) {
    std::string_view rest = text;
    while (true) {
      const size_t comma = rest.find(',');
      const std::string_view one = rest.substr(0, comma);
      if (Result<Address> address = parse_address(one)) {
        listen.push_back(std::move(*address));
      } else {
        report(problems, source, one, address.error().message, std::string(address_forms));
      }
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
  if (listen.empty()) return;
  config.listen = std::move(listen);
  config.listen_given = true;
}

// Replaces the port of the configured address, of which there must be one.
void apply_port(Config& config, std::string_view text, std::string_view source, std::vector<Problem>& problems) {
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) {
    return report(problems, source, text, "", "a whole number from 0 to 65535");
  }
  if (config.listen.empty()) config.listen.push_back(default_address());
  const auto is_tcp = [](const Address& address) { return address.unix_path.empty(); };
  if (std::count_if(config.listen.begin(), config.listen.end(), is_tcp) != 1) {
    return report(problems, source, text, "it needs exactly one configured TCP address", "--listen ADDRESS");
  }
  std::find_if(config.listen.begin(), config.listen.end(), is_tcp)->port = port;
  config.listen_given = true;
}

void apply_workers(Config& config, std::string_view text, std::string_view source, std::vector<Problem>& problems) {
  uint32_t workers = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), workers);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || workers > max_workers) {
    report(problems, source, text, "", "a whole number from 0 to " + std::to_string(max_workers));
  } else {
    config.workers = workers;
  }
}

// Whether `text` is one of `words`; reports it if not.
bool check_word(std::string_view text, std::span<const std::string_view> words, std::string_view source,
                std::vector<Problem>& problems) {
  if (std::find(words.begin(), words.end(), text) != words.end()) return true;
  report(problems, source, text, "", join(words), nearest_one(text, words));
  return false;
}

void apply(Config& config, const Overrides& overrides, const Names& names, std::vector<Problem>& problems) {
  if (!overrides.listen.empty()) apply_listen(config, overrides.listen, names.listen, problems);
  if (overrides.port) apply_port(config, *overrides.port, "--port", problems);
  if (overrides.workers) apply_workers(config, *overrides.workers, names.workers, problems);
  if (overrides.log_level && check_word(*overrides.log_level, fields::log_levels, names.log_level, problems)) {
    config.log.level = *overrides.log_level;
  }
  if (overrides.log_format && check_word(*overrides.log_format, fields::log_formats, names.log_format, problems)) {
    config.log.json = *overrides.log_format == "json";
  }
  if (overrides.pid_file) config.pid_file = *overrides.pid_file;
}

void note(Origins& origins, const Overrides& overrides, const Names& names, std::string_view kind) {
  const auto set = [&](bool given, const char* path, std::string_view name) {
    if (given) origins.set(path, std::string(kind) + std::string(name));
  };
  set(!overrides.listen.empty(), "listen", names.listen);
  set(overrides.port.has_value(), "listen", "--port");
  set(overrides.workers.has_value(), "workers", names.workers);
  set(overrides.log_level.has_value(), "log.level", names.log_level);
  set(overrides.log_format.has_value(), "log.format", names.log_format);
  set(overrides.pid_file.has_value(), "pid_file", names.pid_file);
}

}  // namespace

Overrides overrides_from(const Environment& environment) {
  Overrides overrides;
  if (std::optional<std::string> listen = set_variable(environment, variable_names.listen)) {
    overrides.listen.push_back(std::move(*listen));
  }
  overrides.workers = set_variable(environment, variable_names.workers);
  overrides.log_level = set_variable(environment, variable_names.log_level);
  overrides.log_format = set_variable(environment, variable_names.log_format);
  overrides.pid_file = set_variable(environment, variable_names.pid_file);
  return overrides;
}

std::vector<Problem> apply_overrides(Config& config, const Overrides& flags, const Environment& environment,
                                     Origins* origins) {
  for (const std::string_view name : all_variables) {
    if (is_empty_variable(environment, name)) config.warnings.push_back(empty_variable_note(name));
  }
  std::vector<Problem> problems;
  const Overrides variables = overrides_from(environment);
  apply(config, variables, variable_names, problems);
  apply(config, flags, flag_names, problems);
  if (origins != nullptr) {
    note(*origins, variables, variable_names, "variable ");
    note(*origins, flags, flag_names, "");
  }
  return problems;
}

}  // namespace sluice::config
