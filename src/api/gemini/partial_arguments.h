// Assembles a call's arguments from patches (functionCall.partialArgs). Each patch names a value by a JSON path and
// carries the value or the next piece of a text. The arguments are complete JSON after the last patch.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/json_value.h"

namespace sluice::api::gemini {

class PartialArguments {
 public:
  // False if the patch is invalid or exceeds a limit.
  bool take(JsonValue patch);
  bool empty() const { return root_.children.empty(); }
  void append(std::string& out) const { append(out, root_); }
  void clear();
  size_t bytes() const { return bytes_ + values_ * sizeof(Value); }

 private:
  static constexpr size_t max_levels = 32;
  static constexpr size_t max_values = 10'000;

  struct Value {
    enum class Kind : unsigned char { none, text, other, object, array } kind = Kind::none;
    std::string key{};   // of a member, escaped
    std::string told{};  // text: the characters between the quotes; other: JSON
    std::vector<Value> children{};
  };
  static void append(std::string& out, const Value& value);
  // The value at a path, created if new; nullptr if the path is invalid.
  Value* find(std::string_view path);
  Value* member(Value& of, std::string_view name);
  Value* element(Value& of, size_t index);

  Value root_{Value::Kind::object, {}, {}, {}};
  size_t values_ = 0, bytes_ = 0;
};

}  // namespace sluice::api::gemini
