// How a request's objects are read: known members by name, each once, and the rest for the bag.
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

// bad_request that names the place: "messages[2].content: a list is needed".
tl::unexpected<Error> wrong_at(std::string_view path, std::string_view what);

// The members of those names, in their order; null counts as absent. The others go into the bag. bad_request: one is
// there twice, which readers take differently.
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
      return wrong_at(path, "'" + std::string(names[i]) + "' is there twice");
    } else {
      taken[i] = member;
    }
  }
  for (JsonValue& value : taken) {
    if (!value.has_value()) value = JsonValue();
  }
  return taken;
}

// `wanted` or absent. bad_request otherwise.
Result<void> check_kind(JsonValue value, JsonType wanted, std::string_view path, std::string_view name);

// Members that an object has beside what the neutral form knows, for the bag of the node above it, under
// "<name>.<member>": the writer for this dialect takes the object as it was, any other lists them.
void carry_within(Request& request, std::string_view name, const Bag& members);

// A block of content. `request`: owns texts that have to be made.
Result<Part> read_part(Request& request, JsonValue block, const std::string& path);
// The same behind `parts`: some blocks are several.
Result<void> read_block(Request& request, JsonValue block, const std::string& path, std::vector<Part>& parts);
// The array `messages`.
Result<void> read_messages(Request& request, JsonValue messages);
// The attribution that an agent writes anew into its system prompt each turn: for the maker's eyes, and death to
// others' caches of prompts.
bool is_attribution(JsonText text);

}  // namespace sluice::api::anthropic
