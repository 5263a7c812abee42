// JSON Schemas as the API takes them.
#pragma once

#include <string>
#include <string_view>

namespace sluice::api::anthropic {

// The schema of a tool's arguments: always of type object, nothing but its members at the top. "" for none. Appends it
// as it was spelled where that will do. False: it says less than before.
bool append_input_schema(std::string& out, std::string_view schema);

// In the part of JSON Schema that the API can force a model to keep to: every object closed, no ranges, lengths or
// patterns. False: it says less than before, or more.
bool append_strict_schema(std::string& out, std::string_view schema);

}  // namespace sluice::api::anthropic
