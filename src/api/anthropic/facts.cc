// What is known about Claude models, by generation.
#include "api/anthropic/translate.h"

namespace sluice::api::anthropic {

namespace {

// The generation of a Claude: "claude-3-7-sonnet" 37, "claude-sonnet-4-5" 45, "claude-opus-4-20250514" 40; 0: unknown.
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

}  // namespace

void set_facts(std::string_view model, TargetFacts& facts) {
  const unsigned generation = claude_generation(model);
  facts.reasons = generation == 0 || generation >= 37;
  facts.takes_effort = generation >= 46 || (generation == 45 && name_has(model, "opus"));
  facts.adaptive_only = generation >= 47;
  facts.takes_sampling = generation < 47;
  facts.one_of_both = generation >= 41;
  facts.takes_prefill = generation != 0 && generation < 46;
  facts.continues_prefix = facts.takes_prefill;
  facts.takes_late_system = facts.is_makers_own && generation >= 48;
  // Imitations of the API seldom support these.
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

}  // namespace sluice::api::anthropic
