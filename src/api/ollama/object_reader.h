// Members of a caller's objects: of the right type, each once, and those that are not known set aside.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/json_value.h"
#include "api/request.h"
#include "api/translation.h"

namespace sluice::api::ollama {

// bad_request: "messages[2].content: must be a string".
tl::unexpected<Error> must_be(std::string_view path, std::string_view what);

// Puts what is not in `known` into `bag`, but for nulls, which say nothing. bad_request where a known member stands
// twice: one reader would see the first, another the last. `path` is the object's own.
Result<void> sort_members(JsonValue object, std::span<const std::string_view> known, std::string_view path, Bag& bag);

// "" for none and for null.
Result<JsonText> text_of(JsonValue value, std::string_view path);

// Pictures stand as bare base64; a data: URL is taken too.
Result<void> read_images(JsonValue images, std::string_view path, TextArena& arena, std::vector<Part>& parts);

}  // namespace sluice::api::ollama
