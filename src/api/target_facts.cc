#include "api/target_facts.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace sluice::api {
namespace {

bool name_has(std::string_view model, std::string_view word) { return model.find(word) != std::string_view::npos; }

// The name without what a host puts before it: "openai/gpt-5" of OpenRouter, "us.anthropic.claude-..." of Bedrock.
std::string_view without_host(std::string_view model) {
  const size_t slash = model.rfind('/');
  return slash == std::string_view::npos ? model : model.substr(slash + 1);
}

// o1, o3-mini, o4-mini, gpt-5 and later, but for their chat variants, which take sampling.
bool is_openai_reasoning(std::string_view model) {
  if (model.starts_with("o") && model.size() > 1 && model[1] >= '1' && model[1] <= '9') return true;
  if (!model.starts_with("gpt-")) return false;
  unsigned generation = 0;
  std::from_chars(model.data() + 4, model.data() + model.size(), generation);
  return generation >= 5 && !name_has(model, "-chat");
}

// The generation of a Claude: "claude-3-7-sonnet" 37, "claude-sonnet-4-5" 45, "claude-opus-4-20250514" 40; 0: not told.
unsigned claude_generation(std::string_view model) {
  for (size_t at = 0; at < model.size(); ++at) {
    const bool begins = at != 0 && model[at - 1] == '-' && model[at] >= '1' && model[at] <= '9';
    if (!begins || (at + 1 < model.size() && model[at + 1] != '-' && model[at + 1] != '.')) continue;
    unsigned minor = 0;
    if (at + 2 < model.size() && model[at + 2] >= '0' && model[at + 2] <= '9' &&
        (at + 3 == model.size() || model[at + 3] < '0' || model[at + 3] > '9')) {
      minor = static_cast<unsigned>(model[at + 2] - '0');
    }
    return static_cast<unsigned>(model[at] - '0') * 10 + minor;
  }
  return 0;
}

void set_openai(std::string_view model, TargetFacts& facts) {
  facts.reasons = is_openai_reasoning(model);
  facts.reasons_by_default = facts.reasons;
  facts.takes_sampling = !facts.reasons;
  facts.takes_effort = true;
  if (facts.is_makers_own) return;
  facts.wants_max_tokens_old = true;
  facts.takes_sampling = true;
  facts.reasons = true;  // its host knows whether it does
  facts.reasoning_field = TargetFacts::ReasoningField::reasoning_content;
  facts.takes_cache_marks = name_has(model, "claude");
  facts.call_ids_of_nine = name_has(model, "stral") || name_has(model, "mixtral");
}

void set_anthropic(std::string_view model, TargetFacts& facts) {
  const unsigned generation = claude_generation(model);
  facts.reasons = generation == 0 || generation >= 37;
  facts.takes_effort = generation >= 46 || (generation == 45 && name_has(model, "opus"));
  facts.adaptive_only = generation >= 47;
  facts.takes_sampling = generation < 47;
  facts.takes_prefill = generation != 0 && generation < 46;
  facts.takes_late_system = facts.is_makers_own && generation >= 48;
  // Who imitates the API seldom does these.
  facts.takes_json_schema = facts.is_makers_own && generation >= 45;
  facts.strict_tools = facts.takes_json_schema;
  const bool is_opus = name_has(model, "opus");
  if (generation >= 48 || (generation >= 46 && is_opus)) {
    facts.max_output_tokens = 128000;
  } else if (generation >= 37) {
    facts.max_output_tokens = is_opus && generation < 45 ? 32000 : 64000;
  } else if (generation != 0) {
    facts.max_output_tokens = generation < 35 ? 4096 : 8192;
  }
  if (generation != 0) facts.context_window = 200000;
  facts.max_tool_name_bytes = 128;
}

void set_gemini(std::string_view model, TargetFacts& facts) {
  const bool third = name_has(model, "gemini-3");
  const bool second = name_has(model, "gemini-2.5");
  facts.reasons = third || second || !name_has(model, "gemini-");
  facts.reasons_by_default = third || second;
  facts.takes_effort = third;
  facts.wants_call_signatures = third;
  facts.takes_json_schema = third || second || name_has(model, "gemini-2.0");
  facts.takes_image_urls = false;
  facts.takes_prefill = true;
  if (name_has(model, "gemini-")) facts.context_window = 1048576;
  if (third || second) facts.max_output_tokens = 65536;
}

}  // namespace

TargetFacts facts_for(std::string_view model, const Origin& origin, bool is_makers_own) {
  TargetFacts facts;
  facts.model = model;
  facts.origin = origin;
  facts.is_makers_own = is_makers_own;
  const std::string_view name = without_host(model);
  switch (origin.dialect) {
    case Dialect::openai:
    case Dialect::responses:
      set_openai(name, facts);
      break;
    case Dialect::anthropic:
      set_anthropic(name, facts);
      break;
    case Dialect::gemini:
      set_gemini(name, facts);
      break;
    case Dialect::ollama:
      facts.reasons = true;
      facts.takes_effort = name_has(name, "gpt-oss");  // others take yes or no
      facts.takes_image_urls = false;
      facts.takes_documents = false;
      facts.takes_prefill = true;
      break;
  }
  return facts;
}

}  // namespace sluice::api
