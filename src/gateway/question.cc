#include "gateway/question.h"

#include "api/dialect.h"
#include "base/json_writer.h"
#include "gateway/foreign_data.h"

namespace sluice::gateway {

namespace {

// Adds the model's name to a body whose model is only in the path.
[[gnu::cold]] api::Edit name_edit(std::string_view body, const api::Peek& peek, const routing::Target& target) {
  api::Edit edit{body.find('{') + 1, 0, "\"model\":"};
  append_json_string(edit.inserted, target.model);
  if (!peek.body_empty) edit.inserted += ',';
  return edit;
}

Result<std::vector<api::Edit>> edits_of_names(const Question& question, std::string_view body,
                                              const routing::Target& target, bool ask_usage) {
  const api::Peek& peek = question.peek;
  switch (question.named) {
    case Question::Named::in_json: {
      std::vector<api::Edit> edits = api::edits_for(peek, target.model, ask_usage);
      if (peek.model_bytes == 0 && !question.match.deployment.empty())
        edits.insert(edits.begin(), name_edit(body, peek, target));
      return edits;
    }
    case Question::Named::in_url:
      if (!body.empty())
        return api::room_of(question.match.endpoint->dialect).rename_models(body, peek.model, target.model);
      break;
    case Question::Named::in_form:
      if (peek.model != target.model) return std::vector<api::Edit>{{peek.model_at, peek.model_bytes, target.model}};
      break;
    case Question::Named::nowhere:
      break;
  }
  return std::vector<api::Edit>();
}

}  // namespace

bool asks_usage(const Question& question, const routing::Target& target, const UsageRefusals* refusals) {
  const api::Peek& peek = question.peek;
  if (!question.match.endpoint->usage_splice || !peek.stream || peek.asks_usage) return false;
  return target.provider->ask_usage && (refusals == nullptr || !refusals->any() || !refusals->knows(target.label()));
}

Result<std::vector<api::Edit>> edits_for(const Question& question, std::string_view body, const routing::Target& target,
                                         bool ask_usage, const Foreign& foreign) {
  Result<std::vector<api::Edit>> edits = edits_of_names(question, body, target, ask_usage);
  if (!edits || foreign.dropped == nullptr) return edits;
  std::optional<std::string> whole = without_foreign_data(question, body, target, ask_usage, foreign);
  if (whole) return std::vector<api::Edit>{{0, body.size(), std::move(*whole)}};
  return edits;
}

}  // namespace sluice::gateway
