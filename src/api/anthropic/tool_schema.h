// JSON Schemas that the API can force.
#pragma once

#include <string>
#include <string_view>

namespace sluice::api::anthropic {

// In the part of JSON Schema that the API can force a model to keep to: every object closed, no ranges, lengths or
// patterns. False: it says less than before, or more.
bool append_strict_schema(std::string& out, std::string_view schema);

}  // namespace sluice::api::anthropic
