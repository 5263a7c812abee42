#include "config/foreign.h"

#include <algorithm>
#include <utility>

namespace sluice::config {
namespace {

constexpr std::pair<std::string_view, std::string_view> fields_anywhere[] = {
    {"api_base", "its name here is base_url"},
    {"api_url", "its name here is base_url"},
    {"baseURL", "its name here is base_url"},
    {"baseUrl", "its name here is base_url"},
    {"endpoint", "its name here is base_url"},
    {"rpm", "its name here is requests_per_minute, in \"limits\""},
    {"tpm", "its name here is tokens_per_minute, in \"limits\""},
    {"rpm_limit", "its name here is requests_per_minute, in \"limits\""},
    {"tpm_limit", "its name here is tokens_per_minute, in \"limits\""},
    {"max_parallel_requests", "its name here is concurrent, in \"limits\""},
    {"timeout", "here it is several, in \"timeouts\""},
    {"request_timeout", "here it is several, in \"timeouts\""},
    {"master_key", "here it is \"keys\": [{\"name\": \"ops\", \"key\": \"${KEY}\", \"admin\": true}]"},
    {"general_settings", "LiteLLM's; its master_key is one of \"keys\" here"},
    {"litellm_settings", "LiteLLM's; docs/configuration.md says which of them sluice has"},
    {"router_settings", "LiteLLM's; here a model has \"targets\""},
    {"environment_variables", "LiteLLM's; here \"${NAME}\" takes a variable from the environment"},
    {"model_list", "LiteLLM's; here \"models\" are names for callers, and \"providers\" say where they are"},
    {"model_name", "LiteLLM's; here it is the name in \"models\": {\"NAME\": \"provider/model\"}"},
    {"litellm_params", "LiteLLM's; here base_url and api_key belong to one of \"providers\""},
};
constexpr std::pair<std::string_view, std::string_view> fields_of_the_whole[] = {
    {"port", "it is part of listen here: \"listen\": \"127.0.0.1:8000\""},
    {"host", "it is part of listen here: \"listen\": \"127.0.0.1:8000\""},
    {"bind", "its name here is listen"},
    {"address", "its name here is listen"},
    {"certificate", "here it is \"tls\": {\"cert_file\": \"...\", \"key_file\": \"...\"}"},
    {"ssl", "here it is \"tls\": {\"cert_file\": \"...\", \"key_file\": \"...\"}"},
    {"api_keys", "its name here is keys"},
    {"logging", "its name here is log"},
};

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

std::string_view without(std::string_view text, std::string_view blanks) {
  const size_t first = text.find_first_not_of(blanks);
  return first == std::string_view::npos ? std::string_view{} : text.substr(first);
}

// The format that a line, neither empty nor a comment, must be the beginning of.
std::string_view format_of(std::string_view line) {
  constexpr std::string_view yaml = "this is YAML, possibly LiteLLM's; sluice reads JSON, with comments";
  constexpr std::string_view toml = "this is TOML; sluice reads JSON, with comments";
  constexpr std::string_view variables =
      "this is a list of shell variables; sluice reads JSON, with comments, and takes \"${NAME}\" from its "
      "environment";
  if (line.starts_with("---") || line.starts_with("- ") || line.starts_with("%YAML")) return yaml;
  if (line.starts_with('[')) {
    const std::string_view inside = without(line, "[");
    const size_t close = inside.find(']');
    const bool name = close != 0 && close != std::string_view::npos &&
                      std::all_of(inside.begin(), inside.begin() + static_cast<ptrdiff_t>(close), is_name_char);
    return name ? toml : "";
  }
  if (line.starts_with("export ")) return variables;
  const auto* const end = std::find_if_not(line.begin(), line.end(), is_name_char);
  if (end == line.begin()) return "";
  const std::string_view rest = line.substr(static_cast<size_t>(end - line.begin()));
  if (rest.starts_with(':')) return yaml;
  if (rest.starts_with('=')) return variables;
  return without(rest, " \t").starts_with('=') ? toml : "";
}

}  // namespace

std::string_view hint_for_field(std::string_view name, bool of_the_whole) {
  for (const auto& [foreign, hint] : fields_anywhere) {
    if (foreign == name) return hint;
  }
  for (const auto& [foreign, hint] : fields_of_the_whole) {
    if (of_the_whole && foreign == name) return hint;
  }
  return "";
}

ForeignFormat foreign_format(std::string_view text) {
  size_t begin = 0;
  while (begin < text.size()) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = without(text.substr(begin, end - begin), " \t\r");
    if (!line.empty() && !line.starts_with('#') && !line.starts_with("//")) {
      const std::string_view what = format_of(line);
      return {std::string(what), begin};
    }
    begin = end + 1;
  }
  return {};
}

}  // namespace sluice::config
