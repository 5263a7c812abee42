#include "config/banner.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "config/environment.h"
#include "config/presets.h"

namespace sluice::config {
namespace {

constexpr size_t width = 96;
constexpr size_t max_models = 8, max_providers = 40;
constexpr std::string_view unix_scheme = "unix:";

std::string padded(std::string_view text, size_t size) {
  std::string result(text);
  result.resize(std::max(size, result.size()), ' ');
  return result;
}

// Whether a model's name needs no quoting in a shell's single quotes and in a URL.
bool is_plain(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_.:/@+").find(c) != std::string_view::npos;
  });
}

// A URL that programs on this machine can use: loopback instead of "all interfaces". "" if there are only Unix sockets.
std::string reachable(std::span<const std::string> addresses) {
  for (const std::string& address : addresses) {
    if (address.starts_with(unix_scheme)) continue;
    std::string url = address;
    for (const std::string_view any : {"//0.0.0.0:", "//[::]:"}) {
      if (const size_t at = url.find(any); at != std::string::npos) url.replace(at, any.size(), "//127.0.0.1:");
    }
    return url;
  }
  return "";
}

// What the example curl asks for.
struct Example {
  Dialect dialect = Dialect::openai;
  std::string model;
};

Dialect dialect_to_try(const Provider& provider) {
  return provider.speaks(Dialect::openai) ? Dialect::openai : provider.dialects.front();
}

Example example_of(const Config& config) {
  for (const Model& model : config.models) {
    const Provider* provider = config.provider(model.targets.front().provider);
    if (provider != nullptr && is_plain(model.name)) return {dialect_to_try(*provider), model.name};
  }
  for (const Provider& provider : config.providers) {
    for (const std::string& model : provider.models) {
      if (is_plain(model)) return {dialect_to_try(provider), provider.name + "/" + model};
    }
    const Preset* preset = preset_named(provider.name);
    if (preset != nullptr && !preset->example_model.empty()) {
      return {dialect_to_try(provider), provider.name + "/" + std::string(preset->example_model)};
    }
  }
  if (config.providers.empty()) return {Dialect::openai, "MODEL"};
  return {dialect_to_try(config.providers.front()), config.providers.front().name + "/MODEL"};
}

// Path and body of a request that says hello.
std::pair<std::string, std::string> hello(const Example& example) {
  const std::string model = R"({"model": ")" + example.model + R"(", )";
  const std::string messages = R"("messages": [{"role": "user", "content": "Hello"}]})";
  switch (example.dialect) {
    case Dialect::openai:
      return {"/v1/chat/completions", model + messages};
    case Dialect::responses:
      return {"/v1/responses", model + R"("input": "Hello"})"};
    case Dialect::anthropic:
      return {"/v1/messages", model + R"("max_tokens": 200, )" + messages};
    case Dialect::gemini:
      return {"/v1beta/models/" + example.model + ":generateContent",
              R"({"contents": [{"parts": [{"text": "Hello"}]}]})"};
    case Dialect::ollama:
      return {"/api/chat", model + messages};
  }
  return {};
}

void add_head(const Config& config, std::span<const std::string> addresses, std::string& text) {
  text += "sluice " SLUICE_VERSION " listens on ";
  for (size_t i = 0; i < addresses.size(); ++i) text += (i == 0 ? "" : ", ") + addresses[i];
  text += config.file.empty() ? "\n\n" : " (" + config.file + ")\n\n";
}

void add_providers(const Config& config, std::string& text) {
  size_t name_size = 0;
  for (const Provider& provider : config.providers) name_size = std::max(name_size, provider.name.size());
  std::string_view label = "  providers  ";
  for (size_t i = 0; i < std::min(config.providers.size(), max_providers); ++i) {
    const Provider& provider = config.providers[i];
    text += std::string(label) + padded(provider.name, name_size) + "  " + provider.origin;
    if (const std::optional<Proxy>& proxy = provider.proxy) {
      text += ", through the proxy " + proxy->address();
      if (proxy->origin != provider.origin) text += " (" + proxy->origin + ")";
    }
    text += "\n";
    label = "             ";
  }
  if (config.providers.size() > max_providers) {
    text += std::string(label) + "and " + std::to_string(config.providers.size() - max_providers) + " more\n";
  }
}

// The known names, on as many lines as they need, then how to name any other.
void add_models(const Config& config, std::string& text) {
  std::vector<std::string> names;
  for (const Model& model : config.models) names.push_back(model.name);
  for (const Provider& provider : config.providers) {
    for (const std::string& model : provider.models) {
      if (!model.ends_with('*')) names.push_back(provider.name + "/" + model);
    }
  }
  const size_t shown = std::min(names.size(), max_models);
  std::vector<std::string> words;
  for (size_t i = 0; i < shown; ++i) words.push_back(names[i] + (i + 1 < shown ? "," : ""));
  if (names.size() > shown) {
    words.push_back("and " + std::to_string(names.size() - shown) + " more,");
  } else if (shown > 0) {
    words.back() += ",";
  }
  words.push_back(shown > 0 ? "or any provider/model" : "any provider/model");
  constexpr std::string_view indent = "             ";
  std::string line = "  models    ";
  for (const std::string& word : words) {
    if (line.size() + 1 + word.size() > width && line.size() > indent.size()) {
      text += line + "\n";
      line = indent.substr(1);
    }
    line += " " + word;
  }
  text += line + "\n";
}

void add_curl(const Config& config, std::span<const std::string> addresses, const std::string& url, std::string& text) {
  const Example example = example_of(config);
  const auto [path, body] = hello(example);
  text += "\n  Try it:\n    curl ";
  if (url.empty() && !addresses.empty()) {
    text += "--unix-socket " + addresses.front().substr(unix_scheme.size()) + " http://localhost" + path;
  } else {
    text += url + path;
  }
  if (!config.keys.empty()) text += " \\\n      -H \"authorization: Bearer $KEY\"";
  if (example.dialect == Dialect::anthropic) text += " \\\n      -H 'anthropic-version: 2023-06-01'";
  text += " \\\n      -H 'content-type: application/json' \\\n      -d '" + body + "'\n";
}

// How to point programs at sluice, for the dialects that some provider speaks.
void add_programs(const Config& config, const std::string& url, std::string& text) {
  const std::string key = config.keys.empty() ? std::string(placeholder_key) : "$KEY";
  const auto spoken = [&](Dialect dialect) {
    return std::any_of(config.providers.begin(), config.providers.end(),
                       [&](const Provider& p) { return p.speaks(dialect); });
  };
  const auto add = [&](Dialect dialect, std::string_view program, const std::string& line) {
    if (spoken(dialect)) text += "    " + padded(program, 16) + line + "\n";
  };
  const bool own_names_only = config.providers.size() == 1 && config.providers[0].base_url.demo &&
                              std::find(config.providers[0].models.begin(), config.providers[0].models.end(), "*") ==
                                  config.providers[0].models.end();
  text += own_names_only ? "\n  Point programs here, and have them ask for demo (with --demo, any name is answered):\n"
                         : "\n  Point programs here:\n";
  add(Dialect::openai, "OpenAI SDKs", "export OPENAI_BASE_URL=" + url + "/v1 OPENAI_API_KEY=" + key);
  // Codex takes the key of a provider other than OpenAI from a variable that the provider's entry names.
  add(Dialect::responses, "Codex",
      "SLUICE_API_KEY=" + key +
          " codex -c model_provider=sluice -c 'model_providers.sluice={name=\"sluice\",base_url=\"" + url +
          "/v1\",env_key=\"SLUICE_API_KEY\",wire_api=\"responses\"}'");
  add(Dialect::anthropic, "Anthropic SDKs", "export ANTHROPIC_BASE_URL=" + url + " ANTHROPIC_API_KEY=" + key);
  add(Dialect::anthropic, "Claude Code", "ANTHROPIC_BASE_URL=" + url + " ANTHROPIC_AUTH_TOKEN=" + key + " claude");
  add(Dialect::gemini, "Google Gen AI", "export GOOGLE_GEMINI_BASE_URL=" + url + " GEMINI_API_KEY=" + key);
  add(Dialect::gemini, "Gemini CLI", "GOOGLE_GEMINI_BASE_URL=" + url + " GEMINI_API_KEY=" + key + " gemini");
  add(Dialect::gemini, "",
      R"(  with {"security": {"auth": {"selectedType": "gemini-api-key"}}} in ~/.gemini/settings.json)");
  add(Dialect::ollama, "Ollama programs", "export OLLAMA_HOST=" + url);
}

}  // namespace

std::string banner(const Config& config, std::span<const std::string> addresses) {
  std::string text;
  add_head(config, addresses, text);
  add_providers(config, text);
  add_models(config, text);
  const std::string url = reachable(addresses);
  add_curl(config, addresses, url, text);
  if (!url.empty()) add_programs(config, url, text);
  return text;
}

}  // namespace sluice::config
