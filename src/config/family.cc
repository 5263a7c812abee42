#include "config/family.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "base/text.h"

namespace sluice::config {
namespace {

struct Family {
  std::string_view prefix;
  std::string_view provider;
};

// The longest matching prefix wins, so order does not matter. A prefix ends in '-' if the bare word would match others.
constexpr std::array families = {
    Family{"gpt-", "openai"},
    Family{"gpt-oss", ""},  // open weights: served by many, but not by OpenAI
    Family{"chatgpt-", "openai"},
    Family{"ft:", "openai"},
    Family{"codex-", "openai"},
    Family{"computer-use-", "openai"},
    Family{"text-embedding-", "openai"},
    Family{"text-moderation-", "openai"},
    Family{"omni-moderation-", "openai"},
    Family{"dall-e-", "openai"},
    Family{"whisper-", "openai"},
    Family{"tts-", "openai"},
    Family{"sora-", "openai"},
    Family{"davinci-", "openai"},
    Family{"babbage-", "openai"},
    Family{"claude-", "anthropic"},
    Family{"gemini-", "gemini"},
    Family{"gemma-", "gemini"},
    Family{"imagen-", "gemini"},
    Family{"veo-", "gemini"},
    Family{"learnlm-", "gemini"},
    Family{"text-embedding-004", "gemini"},
    Family{"text-embedding-005", "gemini"},
    Family{"text-multilingual-embedding-", "gemini"},
    Family{"embedding-001", "gemini"},
    Family{"mistral-", "mistral"},
    Family{"ministral-", "mistral"},
    Family{"magistral-", "mistral"},
    Family{"codestral-", "mistral"},
    Family{"devstral-", "mistral"},
    Family{"pixtral-", "mistral"},
    Family{"voxtral-", "mistral"},
    Family{"open-mistral-", "mistral"},
    Family{"open-mixtral-", "mistral"},
    Family{"deepseek-", "deepseek"},
    Family{"grok-", "xai"},
    Family{"c4ai-", "cohere"},
    Family{"embed-english-", "cohere"},
    Family{"embed-multilingual-", "cohere"},
    Family{"embed-v", "cohere"},
    Family{"rerank-", "cohere"},
    Family{"kimi-", "moonshot"},
    Family{"moonshot-", "moonshot"},
    Family{"glm-", "zai"},
    Family{"qwen-", "dashscope"},
    Family{"qwen3-max", "dashscope"},
    Family{"qwen3-coder-plus", "dashscope"},
    Family{"qwen3-coder-flash", "dashscope"},
    Family{"qwq-plus", "dashscope"},
    Family{"minimax-", "minimax"},
    Family{"jamba-", "ai21"},
    Family{"nemotron-", "nvidia"},
};

bool starts_with(std::string_view text, std::string_view prefix) {
  if (text.size() < prefix.size()) return false;
  for (size_t i = 0; i < prefix.size(); ++i) {
    if (to_lower(text[i]) != prefix[i]) return false;
  }
  return true;
}

// "command", "sonar-pro": the family's name, alone or before a '-'.
bool is_word(std::string_view model, std::string_view word) {
  return starts_with(model, word) && (model.size() == word.size() || model[word.size()] == '-');
}

// OpenAI's reasoning models: o1, o3-mini, o4-mini-2025-04-16.
bool is_o_series(std::string_view model) {
  if (model.size() < 2 || to_lower(model[0]) != 'o' || model[1] < '1' || model[1] > '9') return false;
  return model.size() == 2 || model[2] == '-';
}

}  // namespace

std::string_view family_of(std::string_view model) {
  if (is_o_series(model)) return "openai";
  if (is_word(model, "sonar")) return "perplexity";
  if (is_word(model, "command")) return "cohere";
  const Family* found = nullptr;
  for (const Family& family : families) {
    if (starts_with(model, family.prefix) && (found == nullptr || family.prefix.size() > found->prefix.size())) {
      found = &family;
    }
  }
  if (found != nullptr && found->prefix == "ft:") return found->provider;
  if (model.find(':') != std::string_view::npos) return "ollama";  // "llama3.2:3b": only Ollama writes tags
  return found == nullptr ? std::string_view{} : found->provider;
}

bool is_maker(std::string_view provider) {
  if (provider == "perplexity") return true;
  if (provider.empty() || provider == "nvidia") return false;  // which serves many others' models
  return std::any_of(families.begin(), families.end(),
                     [provider](const Family& family) { return family.provider == provider; });
}

}  // namespace sluice::config
