#include "config/discover.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/text.h"
#include "config/presets.h"
#include "config/secret.h"
#include "config/url.h"
#include "config/validate.h"

namespace sluice::config {
namespace {

using nlohmann::json;

constexpr std::string_view ollama_variable = "OLLAMA_HOST";
constexpr uint16_t ollama_port = 11434;
constexpr size_t max_listed = 64;

bool is_own_port(const Config& config, uint16_t port) {
  return std::any_of(config.listen.begin(), config.listen.end(),
                     [port](const Address& address) { return address.port == port; });
}

// The strings in `field` of the objects in `list`; empty strings and other values are skipped.
std::vector<std::string> names_in(const json& list, const char* field) {
  std::vector<std::string> names;
  for (const json& entry : list) {
    if (!entry.is_object() || names.size() == max_listed) continue;
    const auto name = entry.find(field);
    if (name == entry.end() || !name->is_string()) continue;
    if (std::string text = name->get<std::string>(); !text.empty()) names.push_back(std::move(text));
  }
  return names;
}

// Whether an entry of /v1/models is from this program: several programs share ports.
bool is_of(const std::string& program, const json& list) {
  if (program != "vllm" && program != "llamacpp") return true;
  return std::any_of(list.begin(), list.end(), [&](const json& entry) {
    if (!entry.is_object()) return false;
    const auto owner = entry.find("owned_by");
    return owner != entry.end() && owner->is_string() && owner->get<std::string>() == program;
  });
}

// A variable that is set is meant to be used: continuing without it would send requests elsewhere.
Problem unusable(std::string_view variable, std::string what) {
  Problem problem;
  problem.source = variable;
  problem.what = std::move(what) + "; correct it, or unset it to start without it";
  return problem;
}

// These SDK variables should point at sluice; one that points elsewhere probably belongs with the key.
void warn_of_other_base(Config& config, const Environment& environment, const Provider& provider) {
  constexpr std::pair<std::string_view, std::string_view> variables[] = {
      {"openai", "OPENAI_BASE_URL"}, {"anthropic", "ANTHROPIC_BASE_URL"}, {"gemini", "GOOGLE_GEMINI_BASE_URL"}};
  for (const auto& [name, variable] : variables) {
    if (provider.name != name) continue;
    const std::optional<std::string> text = set_variable(environment, variable);
    const Result<Url> url = text ? parse_url(trim(*text, white_space)) : fail(ErrorCode::config, "");
    if (!text || (url && url->host == provider.base_url.host)) continue;
    if (url && Address{url->host, url->port, ""}.is_loopback_or_unix() && is_own_port(config, url->port)) continue;
    config.warnings.push_back(std::string(variable) + " is not read: requests go to " + provider.base_url.text() +
                              "; give another base_url in sluice.json");
  }
}

void add_by_key(Config& config, const Environment& environment, std::vector<Problem>& problems) {
  for (const Preset& preset : presets()) {
    if (preset.only_if_named) continue;
    for (const std::string_view variable : key_variables_of(preset)) {
      if (is_empty_variable(environment, variable)) config.warnings.push_back(empty_variable_note(variable));
      std::optional<std::string> key = key_variable(environment, variable);
      if (!key) continue;
      if (const std::string_view fault = key_fault(*key); !fault.empty()) {
        problems.push_back(unusable(variable, std::string(fault) + ", so that it cannot be sent as a key"));
        break;
      }
      Provider provider = make_provider(preset);
      provider.api_key = std::move(*key);
      provider.origin = variable;
      warn_of_other_base(config, environment, provider);
      config.providers.push_back(std::move(provider));
      break;
    }
  }
}

void add_ollama_host(Config& config, const Environment& environment, std::vector<Problem>& problems) {
  if (is_empty_variable(environment, ollama_variable)) {
    config.warnings.push_back(empty_variable_note(ollama_variable));
    return;
  }
  const std::optional<std::string> text = environment(ollama_variable);
  if (!text) return;
  std::optional<Url> url = parse_ollama_host(*text);
  if (!url) {
    problems.push_back(unusable(ollama_variable, "is neither a host, host:port nor a URL"));
    return;
  }
  // Programs that use Ollama are pointed at sluice with this same variable.
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

Provider demo_provider() {
  Provider provider = make_provider(*preset_named("demo"));
  provider.models = {"demo", "demo-small"};
  return provider;
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
  Provider provider = demo_provider();
  std::erase_if(config.providers, [&](const Provider& other) { return other.name == provider.name; });
  provider.models.emplace_back("*");
  provider.origin = "built in, needs no key";
  config.providers.push_back(std::move(provider));
}

std::vector<Problem> add_discovered(Config& config, const Environment& environment,
                                    std::span<const AnsweredProbe> answers) {
  std::vector<Problem> problems;
  add_by_key(config, environment, problems);
  add_ollama_host(config, environment, problems);
  add_answered(config, answers);
  if (config.providers.empty() && problems.empty()) {
    config.providers.push_back(demo_provider());
    config.providers.back().origin = "built in, needs no key; with --demo it answers to every name";
  }
  return problems;
}

}  // namespace sluice::config
