// What is known about a target's model and the API that serves it, as far as it changes how requests are written.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/provenance.h"

namespace sluice::api {

struct TargetFacts {
  std::string model{};  // the name that the target knows it by
  Origin origin{};      // the target's

  std::string api_version{};  // sent to the provider (DialectRoom::own_field); "": the default
  std::optional<uint64_t> context_window{}, max_output_tokens{};
  uint64_t default_max_tokens = 0;  // output limit, where one is needed and none is given; 0: by the model
  bool asks_usage = true;           // openai: takes stream_options.include_usage
  bool is_makers_own = false;       // the API of the dialect's own maker, not an imitation
  bool takes_sampling = true;       // temperature, top_p, top_k (reasoning models reject them)
  bool takes_top_k = false;         // openai: top_k, min_p and repetition_penalty, as engines of open models do
  bool one_of_both = false;         // anthropic: temperature or top_p, not both
  bool reasons = false;             // the amount of thinking can be set
  bool reasons_by_default = false;  // thinks unless told not to
  // anthropic: output_config.effort; gemini: thinkingLevel; else budgets. ollama: a level as `think`; else true or
  // false
  bool takes_effort = false;
  bool adaptive_only = false;  // anthropic: `thinking: {"type":"adaptive"}` instead of a budget
  bool takes_image_urls = true;
  bool takes_documents = true;
  bool takes_assistant_media = false;  // pictures etc. in the assistant's earlier messages
  bool wants_all_results = true;  // rejects a tool call in the history without a result, and a result without its call
  bool takes_prefill = false;     // an assistant's message may be the last one
  bool continues_prefix = false;  // is known to continue it, word for word
  // openai: the member that asks for this, if one is needed. `on_message`: "prefix" of that message; `on_request`:
  // continue_final_message
  enum class PrefixMark : unsigned char { none, on_message, on_request } prefix_mark{};
  bool takes_late_system = false;     // anthropic: `role: "system"` within the conversation, after a user's turn
  bool wants_max_tokens_old = false;  // openai: `max_tokens`, not `max_completion_tokens`
  // openai: where thinking goes in the history
  enum class ReasoningField : unsigned char { none, reasoning_content, reasoning_details } reasoning_field{};
  bool strict_tools = true;
  bool takes_parallel = true;            // openai: parallel_tool_calls
  bool takes_cache_marks = false;        // openai: cache_control, as providers of Claude there do
  bool takes_cache_breakpoints = false;  // openai, responses: prompt_cache_breakpoint in parts of content
  bool call_ids_of_nine = false;         // openai: ids of calls have nine letters and digits, as Mistral's must
  bool takes_json_schema = true;  // gemini: responseJsonSchema, parametersJsonSchema; anthropic: output_config.format
  bool wants_call_signatures = false;  // gemini 3: a thought signature on the first call of a turn
  uint32_t max_tool_name_bytes = 64;
};

// By the model's family and the dialect it is asked in; the configuration overrides them.
// `is_makers_own`: the provider is the dialect's own maker.
TargetFacts facts_for(std::string_view model, const Origin& origin, bool is_makers_own);

// --- what the facts of several dialects use ---

bool name_has(std::string_view model, std::string_view word);
// o1, o3-mini, o4-mini, gpt-5 and later, except for chat variants, which take sampling.
bool is_gpt_that_reasons(std::string_view model);
// Those of them that accept an effort: o1-mini and o1-preview reject it.
bool takes_effort_of_gpt(std::string_view model);
// The first of those: o1, o3 and o4-mini, which accept fewer members in requests.
bool is_first_that_reasons(std::string_view model);
// The lowest effort that a reasoning model of OpenAI's accepts: "none" if its thinking can be turned off.
std::string_view least_effort_of_gpt(std::string_view model);
// The largest output limit, in tokens, that a model of OpenAI's accepts; nullopt for unknown models.
std::optional<uint64_t> max_output_of_gpt(std::string_view model);
// 56 for "gpt-5.6-mini", 50 for "gpt-5"; 0: not a GPT.
unsigned gpt_generation(std::string_view model);
// Whether it thinks if no effort is given: gpt-5.1 and later do not.
bool thinks_untold(const TargetFacts& facts);
// The nearest effort that a model of OpenAI's accepts (gpt-5: "high" for "xhigh"); `effort` itself for any other model.
std::string_view effort_of_gpt(std::string_view model, std::string_view effort);

}  // namespace sluice::api
