// Reads members of a caller's objects: checks their type, allows each once, and sets unknown ones aside.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/json_value.h"
#include "api/request.h"
#include "api/translation.h"

namespace sluice::api::ollama {

// bad_request, as in "messages[2].content: must be a string".
tl::unexpected<Error> must_be(std::string_view path, std::string_view what);

// Puts members not in `known` into `bag`, except nulls, which have no effect. Error: bad_request if a known member
// occurs twice, since one reader would use the first and another the last. `path` is the object's path.
Result<void> sort_members(JsonValue object, std::span<const std::string_view> known, std::string_view path, Bag& bag);

// "" if absent or null.
Result<JsonText> text_of(JsonValue value, std::string_view path);

// Pictures are bare base64; a data: URL is accepted too.
Result<void> read_images(JsonValue images, std::string_view path, TextArena& arena, std::vector<Part>& parts);

}  // namespace sluice::api::ollama
