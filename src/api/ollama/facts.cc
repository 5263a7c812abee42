// What is known about Ollama's models.
#include "api/ollama/translate.h"

namespace sluice::api::ollama {

void set_facts(std::string_view model, TargetFacts& facts) {
  facts.reasons = true;
  facts.takes_effort = name_has(model, "gpt-oss");  // others accept only on or off
  facts.takes_image_urls = false;
  facts.takes_documents = false;
  facts.takes_assistant_media = true;
  facts.wants_all_results = false;
  facts.takes_prefill = true;
}

}  // namespace sluice::api::ollama
