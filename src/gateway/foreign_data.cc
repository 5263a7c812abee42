#include "gateway/foreign_data.h"

#include <algorithm>

#include "api/dialect.h"
#include "api/percent.h"
#include "gateway/known_facts.h"

namespace sluice::gateway {

std::optional<std::string> without_foreign_data(const Question& question, std::string_view body,
                                                const routing::Target& target, bool ask_usage, const Foreign& foreign) {
  const api::Endpoint& endpoint = *question.match.endpoint;
  const api::DialectRoom& room = api::room_of(endpoint.dialect);
  const api::TranslationRoom& translation = room.translation;
  const bool is_conversation = std::find(translation.conversations.begin(), translation.conversations.end(),
                                         endpoint.name) != translation.conversations.end();
  const bool is_continued = foreign.conversation.has_value();
  if (!is_conversation || (!is_continued && !api::holds_mark(body, translation.wrapped))) return std::nullopt;
  if (is_continued) body = *foreign.conversation;

  std::string url_model;
  if (question.match.model.data() != nullptr) api::append_percent_decoded(url_model, question.match.model);
  const auto request = translation.read_request(body, {endpoint.name, url_model, question.stream, is_continued});
  if (!request) return std::nullopt;
  (*request)->stream = question.stream;
  api::TargetFacts facts = facts_of(target, endpoint.dialect);
  facts.asks_usage = ask_usage;
  api::Dropped left;
  api::WrittenRequest written;
  if (!translation.write_request(**request, facts, left, written)) return std::nullopt;
  *foreign.dropped = left.text();
  return std::move(written.body);
}

}  // namespace sluice::gateway
