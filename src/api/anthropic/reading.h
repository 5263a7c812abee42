// How a request's objects are read: known members by name, each at most once, and the rest into the bag.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "api/json_value.h"
#include "api/request.h"
#include "api/translation.h"
#include "base/result.h"

namespace sluice::api::anthropic {

// bad_request that names the place, as in "messages[2].content: a list is needed".
tl::unexpected<Error> wrong_at(std::string_view path, std::string_view what);

// The members with those names, in that order; null counts as absent. All others go into the bag. Error: bad_request if
// a member occurs twice, since readers disagree on which one counts.
template <size_t N>
Result<std::array<JsonValue, N>> take_members(JsonValue object, const std::array<std::string_view, N>& names, Bag& bag,
                                              std::string_view path) {
  std::array<JsonValue, N> taken{};
  for (const JsonValue member : object) {
    size_t i = 0;
    while (i < N && !member.named(names[i])) ++i;
    if (i == N) {
      carry(bag, member);
    } else if (taken[i].exists()) {
      return wrong_at(path, "'" + std::string(names[i]) + "' occurs twice");
    } else {
      taken[i] = member;
    }
  }
  for (JsonValue& value : taken) {
    if (!value.has_value()) value = JsonValue();
  }
  return taken;
}

// Error: bad_request unless the value is `wanted` or absent.
Result<void> check_kind(JsonValue value, JsonType wanted, std::string_view path, std::string_view name);

// Puts members of a nested object that the neutral form does not know into the bag of the node above, as
// "<name>.<member>". The writer for this dialect copies the whole object; other writers report them as dropped.
void carry_within(Request& request, std::string_view name, const Bag& members);

// Reads a content block. `request` owns texts that have to be made.
Result<Part> read_part(Request& request, JsonValue block, const std::string& path);
// Appends to `parts` instead, since some blocks become several parts.
Result<void> read_block(Request& request, JsonValue block, const std::string& path, std::vector<Part>& parts);
// Reads the array `messages`.
Result<void> read_messages(Request& request, JsonValue messages);
// Whether a text is the attribution that an agent rewrites in its system prompt each turn. Only Anthropic reads it, and
// it defeats the prompt caches of other providers.
bool is_attribution(JsonText text);

// Of a block that a provider's own tool stands for (hosted_text.cc), the plain text; "" where there is none.
JsonText hosted_text(JsonValue block, TextArena& arena);

}  // namespace sluice::api::anthropic
