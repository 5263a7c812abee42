#include "gateway/known_facts.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "api/dialect.h"
#include "base/text.h"
#include "config/family.h"
#include "policy/caller_keys.h"

namespace sluice::gateway {

api::Origin origin_of(const routing::Target& target, Dialect dialect) {
  constexpr size_t digest_bytes = 8;
  std::string text = target.provider->name;
  for (const std::string_view part : {std::string_view(target.provider->api_key), std::string_view(target.model)}) {
    text += '\n';
    text += part;
  }
  const policy::Digest digest = policy::sha256(text);
  return {dialect, hex(std::span(digest).first(digest_bytes))};
}

namespace {

void take_told(const api::ModelFacts& told, api::TargetFacts& facts) {
  if (told.context_window != 0) facts.context_window = told.context_window;
  if (told.max_output_tokens != 0) facts.max_output_tokens = told.max_output_tokens;
}

template <typename T, typename U>
void take(const std::optional<T>& said, U& fact) {
  if (said) fact = *said;
}

void take_row(const config::FactRow& row, api::TargetFacts& facts) {
  using Field = api::TargetFacts::ReasoningField;
  take(row.context_window, facts.context_window);
  take(row.max_output_tokens, facts.max_output_tokens);
  take(row.max_tool_name, facts.max_tool_name_bytes);
  take(row.continues_prefix, facts.takes_prefill);
  take(row.continues_prefix, facts.continues_prefix);
  take(row.takes_sampling, facts.takes_sampling);
  take(row.takes_top_k, facts.takes_top_k);
  take(row.thinks, facts.reasons);
  take(row.thinks_by_default, facts.reasons_by_default);
  take(row.takes_image_urls, facts.takes_image_urls);
  take(row.takes_documents, facts.takes_documents);
  take(row.takes_json_schema, facts.takes_json_schema);
  take(row.takes_cache_marks, facts.takes_cache_marks);
  take(row.strict_tools, facts.strict_tools);
  if (!row.max_tokens_field.empty()) facts.wants_max_tokens_old = row.max_tokens_field == "max_tokens";
  if (row.reasoning_field == "none") facts.reasoning_field = Field::none;
  if (row.reasoning_field == "reasoning_content") facts.reasoning_field = Field::reasoning_content;
  if (row.reasoning_field == "reasoning_details") facts.reasoning_field = Field::reasoning_details;
}

}  // namespace

api::TargetFacts facts_of(const routing::Target& target, Dialect dialect, const api::ModelFacts& told) {
  // If the model's name belongs to the dialect's maker, the API is assumed to be the maker's, whatever the provider's
  // name.
  const std::string_view maker = maker_of(dialect);
  const bool is_makers_own = target.provider->name == maker || config::family_of(target.model) == maker;
  api::TargetFacts facts = api::facts_for(target.model, origin_of(target, dialect), is_makers_own);
  take_told(told, facts);
  if (target.provider->continues_prefix) facts.takes_prefill = facts.continues_prefix = true;
  for (const config::FactRow& row : target.provider->facts) {
    if (row.is_of(target.model)) take_row(row, facts);
  }
  for (const auto& [name, value] : target.provider->headers) {
    if (name == api::room_of(dialect).own_field) facts.api_version = value;
  }
  facts.asks_usage = target.provider->ask_usage;
  if (target.entry != nullptr && target.entry->default_max_tokens != 0) {
    facts.default_max_tokens = target.entry->default_max_tokens;
  }
  return facts;
}

}  // namespace sluice::gateway
