#include "gateway/question.h"

#include <utility>

#include "api/dialect.h"
#include "base/json_writer.h"
#include "gateway/foreign_data.h"

namespace sluice::gateway {

namespace {

// The part that names the model, in a form that has none.
[[gnu::cold]] api::Edit part_edit(const Question& question, std::string_view model) {
  api::Edit edit{question.peek.model_at, 0, std::string(question.form_opening)};
  edit.inserted += "\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\n";
  edit.inserted += model;
  edit.inserted += "\r\n";
  return edit;
}

Result<std::vector<api::Edit>> edits_of_names(const Question& question, std::string_view body,
                                              const routing::Target& target, bool ask_usage) {
  const api::Peek& peek = question.peek;
  switch (question.named) {
    case Question::Named::in_json: {
      std::vector<api::Edit> edits = api::edits_for(peek, target.model, ask_usage);
      if (auto name = missing_name(question, body, target.model)) edits.insert(edits.begin(), std::move(*name));
      return edits;
    }
    case Question::Named::in_url:
      if (!body.empty())
        return api::room_of(question.match.endpoint->dialect).rename_models(body, peek.model, target.model);
      break;
    case Question::Named::in_form:
      if (!question.form_opening.empty()) return std::vector{part_edit(question, target.model)};
      if (peek.model_bytes == 0 || peek.model != target.model)
        return std::vector<api::Edit>{{peek.model_at, peek.model_bytes, target.model}};
      break;
    case Question::Named::nowhere:
      break;
  }
  return std::vector<api::Edit>();
}

}  // namespace

std::optional<api::Edit> missing_name(const Question& question, std::string_view body, std::string_view model) {
  const api::Peek& peek = question.peek;
  if (question.named != Question::Named::in_json || peek.model_bytes != 0) return std::nullopt;
  if (question.match.deployment.empty()) return std::nullopt;
  api::Edit edit;
  if (peek.model_at != 0) {
    constexpr std::string_view null = "null";
    edit = {peek.model_at, null.size(), {}};
    append_json_string(edit.inserted, model);
    return edit;
  }
  edit = {body.find('{') + 1, 0, "\"model\":"};
  append_json_string(edit.inserted, model);
  if (!peek.body_empty) edit.inserted += ',';
  return edit;
}

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
