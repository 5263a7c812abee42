// A value that fits a JSON schema: what the demo model gives a tool as arguments, and answers where a schema is asked
// for.
#pragma once

#include <string_view>

#include "demo/json.h"

namespace sluice::demo {

// const, default, examples and enum are taken at their word (the first one); strings without any are `hint`, numbers 1
// (or the nearest in range), booleans true, arrays minItems long (at least one). Objects hold their required
// properties, or all where none is required. Local $ref, anyOf, oneOf and allOf (their first) are followed. Bounded in
// depth and in size; never fails: what is not understood becomes `hint`.
Out sample_of(const Json& schema, std::string_view hint);

}  // namespace sluice::demo
