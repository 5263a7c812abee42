// Members of Gemini's objects. Protobuf's JSON accepts names in camelCase and in snake_case, a single value for a list
// with one element, and base64 in both alphabets.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/json_value.h"
#include "api/request.h"
#include "base/result.h"

namespace sluice::api::gemini {

// A member's name in camelCase: "mime_type" becomes "mimeType". Names longer than any known one stay unchanged.
class FieldName {
 public:
  explicit FieldName(JsonValue member);
  FieldName(const FieldName&) = delete;
  FieldName& operator=(const FieldName&) = delete;
  std::string_view text() const { return text_; }

 private:
  std::array<char, 48> room_;
  std::string_view text_;
};

// The member with that camelCase name in either spelling; if there are several, the last. None if it is null.
JsonValue field(JsonValue object, std::string_view name);

// An object's members, with the known names separated from the rest.
class NamedMembers {
 public:
  // bad_request if `object` is not an object or a known member occurs twice (null does not count). `path` is for the
  // error's text: "contents[0].parts[2]"; "" for the body.
  static Result<NamedMembers> of(JsonValue object, std::span<const std::string_view> names, std::string_view path);

  // By the index in `names`; none if the member is absent or null.
  JsonValue operator[](size_t which) const { return found_[which]; }
  const std::vector<JsonValue>& rest() const { return rest_; }

 private:
  static constexpr size_t max_names = 32;
  std::array<JsonValue, max_names> found_{};
  std::vector<JsonValue> rest_;
};

// A whole number; a string is accepted too, since protobuf writes 64-bit numbers as strings.
std::optional<uint64_t> count_of(JsonValue value);
// A number in its original spelling, also from a string; "" for anything else.
std::string_view digits_of(JsonValue value);

// The elements of a list; any other value counts as a list with that one element.
std::vector<JsonValue> elements_of(JsonValue list);

inline bool is_one_of(std::string_view word, std::span<const std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// bad_request, as in "contents[0].role: must be a string".
[[gnu::cold]] tl::unexpected<Error> wrong_field(std::string_view path, std::string_view what);
// "path.name"
std::string below(std::string_view path, std::string_view name);

// Puts members that are not translated into the bag of their node. `prefix` is their place below that node:
// "functionCall.".
void carry_all(Bag& bag, const std::vector<JsonValue>& members, std::string_view prefix, TextArena& arena);

// Base64 in the standard alphabet, which all other APIs require, without JSON escapes.
JsonText standard_base64(JsonText text, TextArena& arena);

}  // namespace sluice::api::gemini
