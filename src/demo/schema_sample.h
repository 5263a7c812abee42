// A value that fits a JSON schema: the demo model's arguments for a tool, and its answer if a schema is requested.
#pragma once

#include <string_view>

#include "demo/json.h"

namespace sluice::demo {

// The first value of const, default, examples or enum is used; strings without any are `hint`, numbers 1 (or the
// nearest in range), booleans true, arrays minItems long (at least one). Objects get their required properties, or all
// if none is required. Local $ref, anyOf, oneOf and allOf (their first) are followed. Bounded in depth and size; never
// fails: unsupported schemas give `hint`.
Out sample_of(const Json& schema, std::string_view hint);

}  // namespace sluice::demo
