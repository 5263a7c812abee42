// The response object around an answer's items. It repeats the request's settings.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/responses/translate.h"

namespace sluice::api::responses {

struct AnswerState {
  std::string_view status = "in_progress";
  std::string_view output{};      // the items, JSON
  std::string_view incomplete{};  // the reason, escaped; "": the answer is not incomplete
  std::string_view error{};       // JSON; "": none
  const AnswerUsage* usage = nullptr;
};

class AnswerObject {
 public:
  explicit AnswerObject(const AnswerShape& shape);
  // For a stream that another target began; what is missing keeps its value.
  void set_begun(JsonText id, std::optional<int64_t> created_s);
  void set_model(JsonText model) { model_ = model.escaped; }
  void write(TextWriter& json, const AnswerState& state) const;

 private:
  std::string id_;
  bool is_compaction_;  // another object, with fewer members
  int64_t created_s_;
  std::string model_;  // escaped
  std::string echo_;   // members that never change
};

}  // namespace sluice::api::responses
