#include "gateway/foreign_data.h"

#include <algorithm>

#include "api/dialect.h"
#include "api/percent.h"
#include "gateway/known_facts.h"

namespace sluice::gateway {

std::optional<std::string> without_foreign_data(const Question& question, std::string_view body,
                                                const routing::Target& target, bool ask_usage, std::string& dropped) {
  const api::Endpoint& endpoint = *question.match.endpoint;
  const api::DialectRoom& room = api::room_of(endpoint.dialect);
  const api::TranslationRoom& translation = room.translation;
  const bool is_conversation = std::find(translation.conversations.begin(), translation.conversations.end(),
                                         endpoint.name) != translation.conversations.end();
  if (!is_conversation || !api::holds_mark(body, translation.wrapped)) return std::nullopt;

  std::string url_model;
  if (question.match.model.data() != nullptr) api::append_percent_decoded(url_model, question.match.model);
  const auto request = translation.read_request(body, {endpoint.name, url_model, question.stream});
  if (!request) return std::nullopt;
  (*request)->stream = question.stream;
  api::TargetFacts facts = facts_of(target, endpoint.dialect);
  facts.asks_usage = ask_usage;
  api::Dropped left;
  api::WrittenRequest written;
  if (!translation.write_request(**request, facts, left, written)) return std::nullopt;
  dropped = left.text();
  return std::move(written.body);
}

}  // namespace sluice::gateway
