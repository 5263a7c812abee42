// Schemas of tool arguments and of answers. Requests use JSON Schema everywhere, but Gemini's callers may also send its
// own form, a subset of OpenAPI's (ai.google.dev/api/caching#Schema), the only one that older models accept.
#pragma once

#include <string>
#include <string_view>

#include "api/json_value.h"

namespace sluice::api::gemini {

// Converts Gemini's form (upper-case types, `nullable`, snake_case keywords) to JSON Schema. A schema that already is
// JSON Schema is returned as it was spelled. The view lives as long as the document and `arena`.
std::string_view json_schema_of(JsonValue schema, TextArena& arena);

struct OpenApiSchema {
  bool is_less = false;          // it allows more than the JSON Schema did
  bool is_empty_object = false;  // no properties, so no arguments
};
// Appends the subset of JSON Schema that Gemini's form can express: references are inlined, `const` becomes an enum,
// null becomes `nullable`, `oneOf` becomes `anyOf`. Anything else is left out. The output is bounded for any input: if
// references recur or multiply, the rest becomes any object.
OpenApiSchema append_openapi_schema(std::string& out, JsonValue schema);

}  // namespace sluice::api::gemini
