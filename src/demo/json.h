// JSON as the demo provider reads and writes it: `Json` for what came, `Out` (members in the order they were added) for
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

// A request's body: an object, nested at most max_json_depth deep. bad_request says at which byte it is not JSON.
Result<Json> parse_object(std::string_view body);

// The member, or a null that lives for ever, also where `object` is none.
const Json& member(const Json& object, std::string_view name);
// A member that is a string, else "". The view lives as long as `object`.
std::string_view string_member(const Json& object, std::string_view name);
bool bool_member(const Json& object, std::string_view name, bool otherwise = false);
// A member that is a non-negative number, else `otherwise`.
uint64_t count_member(const Json& object, std::string_view name, uint64_t otherwise);

// Compact; bytes that are not UTF-8 are replaced.
std::string dump(const Out& value);
std::string dump(const Json& value);
std::string json_text(std::string_view text);

}  // namespace sluice::demo
