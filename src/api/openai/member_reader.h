// Members of a request's JSON, read with the types that they must have. The first that is wrong is kept, with its
// path, and what follows is read as if it were not there.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "api/request.h"
#include "api/translation.h"
#include "base/result.h"

namespace sluice::api::openai {

// Where a value stands; made text only where it is needed. What it is within must outlive it.
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

  // Each is nothing for what is absent or null.
  JsonText text(JsonValue value, const ChatPlace& place);
  std::string_view word(JsonValue value, const ChatPlace& place) { return text(value, place).escaped; }
  std::string_view number(JsonValue value, const ChatPlace& place);  // as it was spelled
  std::optional<uint64_t> count(JsonValue value, const ChatPlace& place);
  std::optional<bool> boolean(JsonValue value, const ChatPlace& place);
  JsonValue object(JsonValue value, const ChatPlace& place);
  JsonValue array(JsonValue value, const ChatPlace& place);

  // The members of an object by their names. Others go to the bag, with `prefix` before their names. None may be there
  // twice.
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
        wrong({&place, known[at], {}}, "stands there twice");
      } else {
        found[at] = member;
      }
    }
    return found;
  }
  // To the bag, unless it says nothing.
  void leave(Bag& bag, JsonValue member, std::string_view prefix = {});

 private:
  void check(bool right, JsonValue value, const ChatPlace& place, std::string_view what) {
    if (!right && value.has_value()) wrong(place, what);
  }
  TextArena& arena_;
  std::optional<Error> error_;
};

}  // namespace sluice::api::openai
