// Reads members of a request's JSON and checks their types. The first error is kept, with its path; a member of the
// wrong type is read as if it were absent.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "api/request.h"
#include "api/translation.h"
#include "base/result.h"

namespace sluice::api::openai {

// Where a value is; converted to text only if needed. `within` must outlive it.
struct ChatPlace {
  const ChatPlace* within = nullptr;
  std::string_view name{};
  std::optional<size_t> index{};

  std::string text() const;
};

class ChatMemberReader {
 public:
  explicit ChatMemberReader(TextArena& arena) : arena_(arena) {}

  void wrong(const ChatPlace& place, std::string_view what);
  const std::optional<Error>& error() const { return error_; }

  // Each returns an empty value if the member is absent or null.
  JsonText text(JsonValue value, const ChatPlace& place);
  std::string_view word(JsonValue value, const ChatPlace& place) { return text(value, place).escaped; }
  std::string_view number(JsonValue value, const ChatPlace& place);  // as it was spelled
  std::optional<uint64_t> count(JsonValue value, const ChatPlace& place);
  std::optional<bool> boolean(JsonValue value, const ChatPlace& place);
  JsonValue object(JsonValue value, const ChatPlace& place);
  JsonValue array(JsonValue value, const ChatPlace& place);

  // The object's members of the `known` names. Others go to the bag, with `prefix` before their names. A known name may
  // not be there twice.
  template <size_t names>
  std::array<JsonValue, names> members(JsonValue object, const std::array<std::string_view, names>& known,
                                       const ChatPlace& place, Bag& bag, std::string_view prefix = {}) {
    std::array<JsonValue, names> found{};
    for (const JsonValue member : object) {
      size_t at = 0;
      while (at != names && !member.named(known[at])) ++at;
      if (at == names) {
        leave(bag, member, prefix);
      } else if (found[at].exists()) {
        wrong({&place, known[at], {}}, "occurs twice");
      } else {
        found[at] = member;
      }
    }
    return found;
  }
  // Puts the member into the bag unless it is null or empty.
  void leave(Bag& bag, JsonValue member, std::string_view prefix = {});

 private:
  void check(bool right, JsonValue value, const ChatPlace& place, std::string_view what) {
    if (!right && value.has_value()) wrong(place, what);
  }
  TextArena& arena_;
  std::optional<Error> error_;
};

}  // namespace sluice::api::openai
