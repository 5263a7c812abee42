#include "config/discover.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "config/presets.h"
#include "config/secret.h"
#include "config/url.h"
#include "config/validate.h"

namespace sluice::config {
namespace {

using nlohmann::json;

constexpr std::string_view ollama_variable = "OLLAMA_HOST";
constexpr uint16_t ollama_port = 11434;
constexpr size_t most_listed = 64;

bool is_own_port(const Config& config, uint16_t port) {
  return std::any_of(config.listen.begin(), config.listen.end(),
                     [port](const Address& address) { return address.port == port; });
}

// The strings `field` of the objects in `list`; empty strings and other things are passed over.
std::vector<std::string> names_in(const json& list, const char* field) {
  std::vector<std::string> names;
  for (const json& entry : list) {
    if (!entry.is_object() || names.size() == most_listed) continue;
    const auto name = entry.find(field);
    if (name == entry.end() || !name->is_string()) continue;
    if (std::string text = name->get<std::string>(); !text.empty()) names.push_back(std::move(text));
  }
  return names;
}

// Whether an entry of /v1/models is one of the program's own: several kinds share ports.
bool is_of(const std::string& program, const json& list) {
  if (program != "vllm" && program != "llamacpp") return true;
  return std::any_of(list.begin(), list.end(), [&](const json& entry) {
    if (!entry.is_object()) return false;
    const auto owner = entry.find("owned_by");
    return owner != entry.end() && owner->is_string() && owner->get<std::string>() == program;
  });
}

void add_by_key(Config& config, const Environment& environment) {
  for (const Preset& preset : presets()) {
    if (preset.only_if_named) continue;
    for (const std::string_view variable : key_variables_of(preset)) {
      std::optional<std::string> key = key_variable(environment, variable);
      if (!key) continue;
      if (!is_key(*key)) {
        config.warnings.push_back(std::string(variable) +
                                  " is not used: it holds a character that is not visible ASCII");
        continue;
      }
      Provider provider = make_provider(preset);
      provider.api_key = std::move(*key);
      provider.origin = variable;
      config.providers.push_back(std::move(provider));
      break;
    }
  }
}

void add_ollama_host(Config& config, const Environment& environment) {
  const std::optional<std::string> text = set_variable(environment, ollama_variable);
  if (!text) return;
  std::optional<Url> url = parse_ollama_host(*text);
  if (!url) {
    config.warnings.push_back("OLLAMA_HOST is not used: it is neither a host, host:port nor a URL");
    return;
  }
  // Programs that use Ollama are pointed at sluice by this same variable.
  if (Address{url->host, url->port, ""}.is_loopback_or_unix() && is_own_port(config, url->port)) return;
  Provider provider = make_provider(*preset_named("ollama"));
  provider.base_url = std::move(*url);
  set_base_paths(provider, provider.dialects.front());
  provider.origin = ollama_variable;
  config.providers.push_back(std::move(provider));
}

void add_answered(Config& config, std::span<const AnsweredProbe> answers) {
  for (const AnsweredProbe& answer : answers) {
    const Preset* preset = preset_named(answer.name);
    if (preset == nullptr || is_own_port(config, answer.port)) continue;
    const auto known = std::find_if(config.providers.begin(), config.providers.end(),
                                    [&](const Provider& provider) { return provider.name == answer.name; });
    if (known != config.providers.end()) {  // OLLAMA_HOST named it
      if (known->base_url.port == answer.port && known->base_url.host == "127.0.0.1") known->models = answer.models;
      continue;
    }
    Provider provider = make_provider(*preset);
    provider.base_url.port = answer.port;
    provider.models = answer.models;
    provider.origin = "answers on " + provider.base_url.host + ":" + std::to_string(answer.port);
    config.providers.push_back(std::move(provider));
  }
}

}  // namespace

std::vector<LocalProbe> local_probes() {
  return {{"ollama", ollama_port, "/api/tags"},
          {"lmstudio", 1234, "/v1/models"},
          {"vllm", 8000, "/v1/models"},
          {"llamacpp", 8080, "/v1/models"}};
}

std::optional<AnsweredProbe> read_probe_answer(const LocalProbe& probe, int status, std::string_view body) {
  if (status != 200) return std::nullopt;
  const json answer = json::parse(body, nullptr, false);
  const bool ollama = probe.name == "ollama";
  const char* list_name = ollama ? "models" : "data";
  if (!answer.is_object() || !answer.contains(list_name) || !answer[list_name].is_array()) return std::nullopt;
  const json& list = answer[list_name];
  if (!is_of(probe.name, list)) return std::nullopt;
  AnsweredProbe answered{probe.name, probe.port, names_in(list, ollama ? "name" : "id")};
  const std::string prefix = probe.name + "/";
  const auto is_sluices = [&](const std::string& model) { return model.starts_with(prefix); };
  if (std::any_of(answered.models.begin(), answered.models.end(), is_sluices)) return std::nullopt;
  return answered;
}

std::optional<Url> parse_ollama_host(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '"' || c == '\''; };  // as Ollama itself does
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  if (text.empty()) return std::nullopt;
  std::string url_text(text);
  if (text.find("://") == std::string_view::npos) {
    std::string host(text.substr(0, text.find('/')));
    const std::string path(text.substr(host.size()));
    const bool bare_v6 = std::count(host.begin(), host.end(), ':') > 1 && host.find('[') == std::string::npos;
    if (bare_v6) host = "[" + host + "]";
    if (host.starts_with(':')) host = "127.0.0.1" + host;
    const bool has_port = host.find(':', host.find(']') == std::string::npos ? 0 : host.find(']')) != std::string::npos;
    url_text = "http://" + host + (has_port ? "" : ":" + std::to_string(ollama_port)) + path;
  }
  Result<Url> url = parse_url(url_text);
  if (!url || url->demo) return std::nullopt;
  if (url->host == "0.0.0.0" || url->host == "::") url->host = "127.0.0.1";
  return *url;
}

void add_demo(Config& config) {
  Provider provider = make_provider(*preset_named("demo"));
  std::erase_if(config.providers, [&](const Provider& other) { return other.name == provider.name; });
  provider.models = {"demo", "demo-small", "*"};
  provider.origin = "built in, needs no key";
  config.providers.push_back(std::move(provider));
}

void add_discovered(Config& config, const Environment& environment, std::span<const AnsweredProbe> answers) {
  add_by_key(config, environment);
  add_ollama_host(config, environment);
  add_answered(config, answers);
  if (config.providers.empty()) add_demo(config);
}

Config from_environment(const Environment& environment, std::span<const AnsweredProbe> answers) {
  Config config;
  config.listen.push_back(default_address());
  add_discovered(config, environment, answers);
  return config;
}

}  // namespace sluice::config
