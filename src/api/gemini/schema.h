// Schemas of tools' arguments and of answers. Requests have JSON Schema everywhere; Gemini's callers may also bring its
// own form, a part of OpenAPI's (ai.google.dev/api/caching#Schema), which is the only one that older models take.
#pragma once

#include <string>
#include <string_view>

#include "api/json_value.h"

namespace sluice::api::gemini {

// Gemini's own form (types in upper case, `nullable`, snake_case keywords) as JSON Schema. As it was spelled where it
// is that already. Lives as long as the document and `arena`.
std::string_view json_schema_of(JsonValue schema, TextArena& arena);

struct OpenApiSchema {
  bool is_less = false;          // it allows more than the JSON Schema did
  bool is_empty_object = false;  // without a property: no arguments
};
// Appends the part of JSON Schema that Gemini's own form has: references are put in where they stand, `const` becomes
// an enum, null becomes `nullable`, `oneOf` becomes `anyOf`. What it cannot say is left out. Any input gives a bounded
// output: where references recur or multiply, the rest is any object.
OpenApiSchema append_openapi_schema(std::string& out, JsonValue schema);

}  // namespace sluice::api::gemini
