// The JSON Schema of a function's arguments, for APIs that allow less at its root than JSON Schema does.
#pragma once

#include <string>
#include <string_view>

namespace sluice::api {

struct RootRules {
  bool combinations = true;       // anyOf, oneOf, allOf are allowed
  bool conditions = true;         // enum, const, not are allowed
  bool needs_properties = false;  // `properties` is required, even if empty
};

// For the maker's own API, which checks each schema, and for imitators, of which some also want `properties`.
constexpr RootRules root_rules(bool is_makers_own) { return {!is_makers_own, !is_makers_own, true}; }

// Appends the schema unchanged if it keeps the rules, else one that does: an object, with the members of all
// alternatives in place of the combinations. For "" and what is not a JSON object: a schema for any object. False: it
// says less than `schema`.
bool append_object_schema(std::string& out, std::string_view schema, const RootRules& rules);

// Whether the schema fits an API whose `strict` wants every object closed and every property required
// (developers.openai.com/api/docs/guides/structured-outputs).
bool is_strict_schema(std::string_view schema);

}  // namespace sluice::api
