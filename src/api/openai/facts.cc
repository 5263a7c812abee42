// What is known about models behind chat completions.
#include "api/openai/translate.h"

namespace sluice::api::openai {

void set_facts(std::string_view model, TargetFacts& facts) {
  facts.reasons = takes_effort_of_gpt(model);
  facts.reasons_by_default = facts.reasons;
  facts.takes_sampling = !is_gpt_that_reasons(model);
  facts.takes_effort = true;
  constexpr unsigned first_with_breakpoints = 56;
  facts.takes_cache_breakpoints = facts.is_makers_own && gpt_generation(model) >= first_with_breakpoints;
  if (facts.is_makers_own) {
    facts.max_output_tokens = max_output_of_gpt(model);
    facts.takes_parallel = !is_first_that_reasons(model);
    return;
  }
  const bool marks_message = name_has(model, "stral") || name_has(model, "deepseek");
  facts.prefix_mark = marks_message ? TargetFacts::PrefixMark::on_message : TargetFacts::PrefixMark::on_request;
  facts.wants_max_tokens_old = true;
  facts.takes_sampling = true;
  facts.reasons = true;  // left to the provider, which knows whether it does
  facts.reasoning_field = TargetFacts::ReasoningField::reasoning_content;
  facts.takes_cache_marks = name_has(model, "claude");
  facts.call_ids_of_nine = name_has(model, "stral") || name_has(model, "mixtral");
}

}  // namespace sluice::api::openai
