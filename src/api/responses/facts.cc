// What is known about models behind OpenAI's responses.
#include "api/responses/translate.h"

namespace sluice::api::responses {

void set_facts(std::string_view model, TargetFacts& facts) {
  facts.reasons = takes_effort_of_gpt(model);
  facts.reasons_by_default = facts.reasons;
  facts.takes_sampling = !is_gpt_that_reasons(model);
  facts.takes_effort = true;
  constexpr unsigned first_with_breakpoints = 56;
  facts.takes_cache_breakpoints = facts.is_makers_own && gpt_generation(model) >= first_with_breakpoints;
  if (facts.is_makers_own) {
    facts.max_output_tokens = max_output_of_gpt(model);
    return;
  }
  facts.takes_sampling = true;
  facts.reasons = true;  // left to the provider, which knows whether it does
}

}  // namespace sluice::api::responses
