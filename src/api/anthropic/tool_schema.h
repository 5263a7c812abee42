// JSON Schemas that the API can enforce.
#pragma once

#include <string>
#include <string_view>

namespace sluice::api::anthropic {

// Appends the schema in the subset of JSON Schema that the API can enforce: every object closed, no ranges, lengths or
// patterns. False: the result allows more or less than the original.
bool append_strict_schema(std::string& out, std::string_view schema);

}  // namespace sluice::api::anthropic
