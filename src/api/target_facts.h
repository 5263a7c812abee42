// What is known of a target's model and of the API that serves it, as far as requests have to be written differently
// for it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/provenance.h"

namespace sluice::api {

struct TargetFacts {
  std::string model{};  // as the target is to be asked for it
  Origin origin{};      // the target's own

  std::string api_version{};  // that the provider is asked in (DialectRoom::own_field); "": the usual
  std::optional<uint64_t> context_window{}, max_output_tokens{};
  uint64_t default_max_tokens = 0;  // of the output, where a bound is needed and none is given; 0: by the model
  bool asks_usage = true;           // openai: takes stream_options.include_usage
  bool is_makers_own = false;       // the API of the dialect's own maker, not of one who imitates it
  bool takes_sampling = true;       // temperature, top_p, top_k (reasoning models refuse them)
  bool takes_top_k = false;         // openai: top_k, min_p and repetition_penalty, as engines of open models do
  bool one_of_both = false;         // anthropic: temperature or top_p, not both
  bool reasons = false;             // can be told how much to think
  bool reasons_by_default = false;  // thinks unless told not to
  // anthropic: output_config.effort; gemini: thinkingLevel; else budgets. ollama: a level as `think`; else true or
  // false
  bool takes_effort = false;
  bool adaptive_only = false;  // anthropic: `thinking: {"type":"adaptive"}` instead of a budget
  bool takes_image_urls = true;
  bool takes_documents = true;
  bool takes_assistant_media = false;  // pictures and the like in what the assistant said before
  bool wants_all_results = true;       // refuses a call of a tool in the history that has no result
  bool takes_prefill = false;          // may be asked with an assistant's message at the end
  bool continues_prefix = false;       // is known to go on with it, word for word
  // openai: what tells it to, where it does. `on_message`: "prefix" of that message; `on_request`:
  // continue_final_message
  enum class PrefixMark : unsigned char { none, on_message, on_request } prefix_mark{};
  bool takes_late_system = false;     // anthropic: `role: "system"` within the conversation, behind a user's turn
  bool wants_max_tokens_old = false;  // openai: `max_tokens`, not `max_completion_tokens`
  // openai: where thinking goes in the history
  enum class ReasoningField : unsigned char { none, reasoning_content, reasoning_details } reasoning_field{};
  bool strict_tools = true;
  bool takes_parallel = true;            // openai: parallel_tool_calls
  bool takes_cache_marks = false;        // openai: cache_control, as who serves Claude there does
  bool takes_cache_breakpoints = false;  // openai, responses: prompt_cache_breakpoint in parts of content
  bool call_ids_of_nine = false;         // openai: ids of calls have nine letters and digits, as Mistral's must
  bool takes_json_schema = true;  // gemini: responseJsonSchema, parametersJsonSchema; anthropic: output_config.format
  bool wants_call_signatures = false;  // gemini 3: a thought signature on the first call of a turn
  uint32_t max_tool_name_bytes = 64;
};

// By the model's family and the dialect it is asked in; what is told in the configuration goes over it.
// `is_makers_own`: the provider is the dialect's own maker.
TargetFacts facts_for(std::string_view model, const Origin& origin, bool is_makers_own);

// --- what several dialects' own facts look at ---

bool name_has(std::string_view model, std::string_view word);
// o1, o3-mini, o4-mini, gpt-5 and later, but for their chat variants, which take sampling.
bool is_gpt_that_reasons(std::string_view model);
// Of those the first, o1, o3 and o4-mini, whose requests take less.
bool is_first_that_reasons(std::string_view model);
// The least effort that a model of OpenAI's which reasons can be told: "none" where it can be kept from thinking.
std::string_view least_effort_of_gpt(std::string_view model);
// How long an answer of a model of OpenAI's may be asked for to be, in tokens; nullopt for those that are not known.
std::optional<uint64_t> max_output_of_gpt(std::string_view model);
// 56 of "gpt-5.6-mini", 50 of "gpt-5"; 0: it is none.
unsigned gpt_generation(std::string_view model);
// Whether it thinks where it is not told how much: gpt-5.1 and later do not.
bool thinks_untold(const TargetFacts& facts);
// The nearest effort that a model of OpenAI's takes ("xhigh" of gpt-5 is "high"); `effort` itself for any other model.
std::string_view effort_of_gpt(std::string_view model, std::string_view effort);

}  // namespace sluice::api
