// JSON as the demo provider reads and writes it: `Json` for input, `Out` (members in the order they were added) for
// answers. No function here throws.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::demo {

using Json = nlohmann::json;
using Out = nlohmann::ordered_json;

inline constexpr size_t max_json_depth = 128;

// A request's body: an object, nested at most max_json_depth deep. bad_request gives the byte offset of the error.
Result<Json> parse_object(std::string_view body);

// The member, or a static null, also if `object` is not an object.
const Json& member(const Json& object, std::string_view name);
// A string member, else "". The view lives as long as `object`.
std::string_view string_member(const Json& object, std::string_view name);
bool bool_member(const Json& object, std::string_view name, bool otherwise = false);
// A non-negative number member, else `otherwise`.
uint64_t count_member(const Json& object, std::string_view name, uint64_t otherwise);

// Compact; bytes that are not UTF-8 are replaced.
std::string dump(const Out& value);
std::string dump(const Json& value);
std::string json_text(std::string_view text);

}  // namespace sluice::demo
