// Members of Gemini's objects. Protobuf's JSON takes each name in two spellings, camelCase and snake_case, a list with
// one element as that element, and base64 in both of its alphabets.
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

// A member's name in camelCase: "mime_type" is "mimeType". As it is where it is longer than any that is known.
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

// The member of that camelCase name, in either spelling; of several, the last. None where it is null.
JsonValue field(JsonValue object, std::string_view name);

// The members of an object, those with known names apart from the rest.
class NamedMembers {
 public:
  // bad_request where `object` is none, or a known member stands twice (null does not count). `path` is for the
  // error's text: "contents[0].parts[2]"; "" for the body.
  static Result<NamedMembers> of(JsonValue object, std::span<const std::string_view> names, std::string_view path);

  // By its place in `names`; none where it is absent or null.
  JsonValue operator[](size_t which) const { return found_[which]; }
  const std::vector<JsonValue>& rest() const { return rest_; }

 private:
  static constexpr size_t max_names = 32;
  std::array<JsonValue, max_names> found_{};
  std::vector<JsonValue> rest_;
};

// A whole number, also in a string, as protobuf writes those of 64 bits.
std::optional<uint64_t> count_of(JsonValue value);
// A number as it is spelled, also in a string; "" for anything else.
std::string_view digits_of(JsonValue value);

// What a list holds; a value that is no list counts as one with that element.
std::vector<JsonValue> elements_of(JsonValue list);

inline bool is_one_of(std::string_view word, std::span<const std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// bad_request: "contents[0].role: must be a string".
[[gnu::cold]] tl::unexpected<Error> wrong_field(std::string_view path, std::string_view what);
// "path.name"
std::string below(std::string_view path, std::string_view name);

// Members that nothing is made of, for the bag of their node; `prefix` tells where below it they stand:
// "functionCall.".
void carry_all(Bag& bag, const std::vector<JsonValue>& members, std::string_view prefix, TextArena& arena);

// In the alphabet that all other APIs want, without JSON's escapes.
JsonText standard_base64(JsonText text, TextArena& arena);

}  // namespace sluice::api::gemini
