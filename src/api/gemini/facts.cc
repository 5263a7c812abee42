// What is known about Gemini models, by generation.
#include "api/gemini/translate.h"

namespace sluice::api::gemini {

void set_facts(std::string_view model, TargetFacts& facts) {
  const bool third = name_has(model, "gemini-3");
  const bool second = name_has(model, "gemini-2.5");
  facts.reasons = third || second || !name_has(model, "gemini-");
  facts.reasons_by_default = third || second;
  facts.takes_effort = third;
  facts.wants_call_signatures = third;
  facts.takes_json_schema = third || second || name_has(model, "gemini-2.0");
  facts.takes_image_urls = false;
  facts.takes_assistant_media = true;
  facts.takes_prefill = true;
  if (name_has(model, "gemini-")) facts.context_window = 1048576;
  if (third || second) facts.max_output_tokens = 65536;
}

}  // namespace sluice::api::gemini
