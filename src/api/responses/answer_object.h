// The response object around an answer's items: what was asked is repeated in it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/responses/translate.h"

namespace sluice::api::responses {

struct AnswerState {
  std::string_view status = "in_progress";
  std::string_view output{};      // its items, JSON
  std::string_view incomplete{};  // the reason, escaped; "": it is none of these
  std::string_view error{};       // JSON; "": none
  const AnswerUsage* usage = nullptr;
};

class AnswerObject {
 public:
  explicit AnswerObject(const AnswerShape& shape);
  // Of a stream that another began; what it does not tell stays.
  void set_begun(JsonText id, std::optional<int64_t> created_s);
  void set_model(JsonText model) { model_ = model.escaped; }
  void write(TextWriter& json, const AnswerState& state) const;

 private:
  std::string id_;
  bool is_compaction_;  // another object, with less in it
  int64_t created_s_;
  std::string model_;  // escaped
  std::string echo_;   // members that are the same all the time
};

}  // namespace sluice::api::responses
