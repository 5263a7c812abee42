#include "config/presets.h"

#include <algorithm>
#include <array>

#include "config/url.h"

namespace sluice::config {
namespace {

// In the order in which people look for them: model makers first, then hosts of others' models, then local programs.
constexpr std::array table = {
    Preset{"openai", "https://api.openai.com/v1", "openai responses", "bearer", "OPENAI_API_KEY", "gpt-4o-mini"},
    Preset{"anthropic", "https://api.anthropic.com", "anthropic", "x-api-key", "ANTHROPIC_API_KEY",
           "claude-sonnet-4-5"},
    Preset{"gemini", "https://generativelanguage.googleapis.com", "gemini", "x-goog-api-key",
           "GEMINI_API_KEY GOOGLE_API_KEY", "gemini-2.5-flash"},
    Preset{"mistral", "https://api.mistral.ai/v1", "openai", "bearer", "MISTRAL_API_KEY", "mistral-small-latest",
           false},
    Preset{"deepseek", "https://api.deepseek.com/v1", "openai anthropic", "bearer", "DEEPSEEK_API_KEY", "deepseek-chat",
           true, false, "/anthropic"},
    Preset{"xai", "https://api.x.ai/v1", "openai responses anthropic", "bearer", "XAI_API_KEY", "grok-4"},
    Preset{"cohere",
           "https://api.cohere.ai/compatibility/v1",
           "openai",
           "bearer",
           "COHERE_API_KEY CO_API_KEY",
           "command-a-03-2025",
           true,
           false,
           {},
           true},
    Preset{"moonshot", "https://api.moonshot.ai/v1", "openai anthropic", "bearer", "MOONSHOT_API_KEY", "kimi-latest",
           true, false, "/anthropic"},
    Preset{"zai", "https://api.z.ai/api/paas/v4", "openai anthropic", "bearer", "ZAI_API_KEY", "glm-4.6", true, false,
           "/api/anthropic"},
    Preset{"dashscope", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1", "openai", "bearer",
           "DASHSCOPE_API_KEY", "qwen-plus"},
    Preset{"minimax", "https://api.minimax.io/v1", "openai anthropic", "bearer", "MINIMAX_API_KEY", "MiniMax-M2", true,
           false, "/anthropic"},
    Preset{"perplexity", "https://api.perplexity.ai", "openai", "bearer", "PERPLEXITY_API_KEY PPLX_API_KEY", "sonar",
           false},
    Preset{"ai21", "https://api.ai21.com/studio/v1", "openai", "bearer", "AI21_API_KEY", "jamba-large"},
    Preset{"upstage", "https://api.upstage.ai/v1", "openai", "bearer", "UPSTAGE_API_KEY", "solar-pro2"},
    Preset{"inception", "https://api.inceptionlabs.ai/v1", "openai", "bearer", "INCEPTION_API_KEY", "mercury"},
    Preset{"openrouter", "https://openrouter.ai/api/v1", "openai responses anthropic", "bearer", "OPENROUTER_API_KEY",
           "openai/gpt-4o-mini"},
    Preset{"groq", "https://api.groq.com/openai/v1", "openai responses", "bearer", "GROQ_API_KEY",
           "llama-3.3-70b-versatile"},
    Preset{"together", "https://api.together.xyz/v1", "openai", "bearer", "TOGETHER_API_KEY", "openai/gpt-oss-20b"},
    Preset{"fireworks", "https://api.fireworks.ai/inference/v1", "openai", "bearer", "FIREWORKS_API_KEY",
           "accounts/fireworks/models/gpt-oss-20b"},
    Preset{"cerebras", "https://api.cerebras.ai/v1", "openai", "bearer", "CEREBRAS_API_KEY", "gpt-oss-120b"},
    Preset{"sambanova", "https://api.sambanova.ai/v1", "openai", "bearer", "SAMBANOVA_API_KEY", "gpt-oss-120b"},
    Preset{"nvidia", "https://integrate.api.nvidia.com/v1", "openai", "bearer", "NVIDIA_API_KEY", "openai/gpt-oss-20b"},
    Preset{"deepinfra", "https://api.deepinfra.com/v1/openai", "openai", "bearer", "DEEPINFRA_API_KEY DEEPINFRA_TOKEN",
           "openai/gpt-oss-20b"},
    Preset{"nebius", "https://api.tokenfactory.nebius.com/v1", "openai", "bearer", "NEBIUS_API_KEY",
           "openai/gpt-oss-20b"},
    Preset{"novita", "https://api.novita.ai/v3/openai", "openai", "bearer", "NOVITA_API_KEY", "openai/gpt-oss-20b"},
    Preset{"hyperbolic", "https://api.hyperbolic.xyz/v1", "openai", "bearer", "HYPERBOLIC_API_KEY",
           "openai/gpt-oss-20b"},
    Preset{"siliconflow", "https://api.siliconflow.com/v1", "openai", "bearer", "SILICONFLOW_API_KEY",
           "openai/gpt-oss-20b"},
    Preset{"huggingface", "https://router.huggingface.co/v1", "openai", "bearer", "HF_TOKEN", "openai/gpt-oss-20b",
           true, true},
    Preset{"github", "https://models.github.ai/inference", "openai", "bearer", "GITHUB_MODELS_TOKEN GITHUB_TOKEN",
           "openai/gpt-4o-mini", true, true},
    Preset{"vercel", "https://ai-gateway.vercel.sh/v1", "openai", "bearer", "AI_GATEWAY_API_KEY", "openai/gpt-4o-mini"},
    Preset{"ollama", "http://127.0.0.1:11434", "ollama openai responses anthropic", "none", "", ""},
    Preset{"lmstudio", "http://127.0.0.1:1234/v1", "openai responses anthropic", "none", "", ""},
    Preset{"vllm", "http://127.0.0.1:8000/v1", "openai responses anthropic", "none", "", ""},
    Preset{"llamacpp", "http://127.0.0.1:8080/v1", "openai responses anthropic", "none", "", ""},
    Preset{"demo", "demo:", "openai responses anthropic gemini ollama", "none", "", "demo"},
};

constexpr std::array<std::string_view, 5> words = {"bearer", "x-api-key", "x-goog-api-key", "api-key", "none"};

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const size_t space = text.find(' ');
    parts.push_back(text.substr(0, space));
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
  }
  return parts;
}

}  // namespace

std::span<const Preset> presets() { return table; }

const Preset* preset_named(std::string_view name) {
  const auto* found =
      std::find_if(table.begin(), table.end(), [name](const Preset& preset) { return preset.name == name; });
  return found == table.end() ? nullptr : found;
}

std::vector<std::string_view> preset_names() {
  std::vector<std::string_view> names;
  names.reserve(table.size());
  for (const Preset& preset : table) names.push_back(preset.name);
  return names;
}

std::vector<Dialect> dialects_of(const Preset& preset) {
  std::vector<Dialect> dialects;
  for (const std::string_view name : split(preset.dialects))
    dialects.push_back(dialect_named(name).value_or(Dialect::openai));
  return dialects;
}

std::vector<std::string_view> key_variables_of(const Preset& preset) { return split(preset.key_variables); }

bool set_auth(Provider& provider, std::string_view word) {
  if (std::find(words.begin(), words.end(), word) == words.end()) return false;
  provider.auth_header.clear();
  if (word == "bearer") {
    provider.auth = Auth::bearer;
  } else if (word == "none") {
    provider.auth = Auth::none;
  } else {
    provider.auth = Auth::header;
    provider.auth_header = word;
  }
  return true;
}

std::span<const std::string_view> auth_words() { return words; }

std::string_view version_of(std::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return {};
  const std::string_view last = path.substr(slash);
  return last.size() > 2 && last[1] == 'v' && last[2] >= '0' && last[2] <= '9' ? last : std::string_view{};
}

void set_base_paths(Provider& provider, Dialect base) {
  const std::string& path = provider.base_url.path;
  const std::string_view version = version_of(path);
  for (const Dialect dialect : provider.dialects) {
    std::optional<std::string>& own = provider.base_paths[static_cast<size_t>(dialect)];
    own.reset();
    if (provider.base_url.demo) {
      own = is_below_version(dialect) ? "/v1" : "";  // it has all paths, like sluice itself
    } else if (is_below_version(dialect) != is_below_version(base)) {
      own = is_below_version(dialect) ? path + "/v1" : path.substr(0, path.size() - version.size());
    }
  }
}

namespace {

// Facts about all models of a preset: for the same model, hosts differ in these.
constexpr std::array<std::string_view, 11> open_engines = {"vllm",       "lmstudio",    "llamacpp",  "together",
                                                           "fireworks",  "deepinfra",   "nebius",    "novita",
                                                           "hyperbolic", "siliconflow", "openrouter"};
constexpr std::array<std::string_view, 2> without_schema = {"deepseek", "zai"};
constexpr std::array<std::string_view, 3> refuse_unknown = {"mistral", "groq",
                                                            "cerebras"};  // unknown members of messages

bool is_one_of(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::vector<FactRow> facts_of_preset(std::string_view name) {
  FactRow row{.models = "*"};
  const FactRow nothing = row;
  if (is_one_of(open_engines, name)) row.takes_top_k = true;
  if (is_one_of(without_schema, name)) row.takes_json_schema = false;
  if (is_one_of(refuse_unknown, name)) row.reasoning_field = "none";
  if (name == "groq" || name == "cerebras") row.max_tokens_field = "max_completion_tokens";
  if (name == "openrouter") row.reasoning_field = "reasoning_details";
  if (name == "deepseek") row.takes_image_urls = row.takes_documents = false;
  if (row == nothing) return {};
  return {std::move(row)};
}

}  // namespace

Provider make_provider(const Preset& preset) {
  Provider provider;
  provider.name = preset.name;
  provider.dialects = dialects_of(preset);
  provider.base_url = parse_url(preset.base_url).value_or(Url{});
  set_auth(provider, preset.auth);
  provider.ask_usage = preset.ask_usage;
  provider.facts = facts_of_preset(preset.name);
  provider.ask_models = !provider.base_url.demo;
  // A local program may first have to load its model.
  constexpr uint32_t loading_ms = 300'000;
  if (preset.key_variables.empty() && !provider.base_url.demo) provider.timeouts.first_byte_ms = loading_ms;
  provider.versions_at_root = preset.versions_at_root;
  set_base_paths(provider, provider.dialects.front());
  if (!preset.anthropic_path.empty()) {
    provider.base_paths[static_cast<size_t>(Dialect::anthropic)] = std::string(preset.anthropic_path);
  }
  return provider;
}

}  // namespace sluice::config
