// The JSON Schema of a function's arguments, as APIs take it that allow less at its root than JSON Schema does.
#pragma once

#include <string>
#include <string_view>

namespace sluice::api {

struct RootRules {
  bool combinations = true;       // anyOf, oneOf, allOf may stand there
  bool conditions = true;         // enum, const, not
  bool needs_properties = false;  // even where there are none
};

// Of APIs whose maker checks each schema, and of those who imitate them, of whom some want properties too.
constexpr RootRules root_rules(bool is_makers_own) { return {!is_makers_own, !is_makers_own, true}; }

// The schema as it was spelled where that keeps the rules, else with what they ask for: an object, with the members of
// all its alternatives in place of the combinations. "" and what is no JSON object: any object. False: it says less.
bool append_object_schema(std::string& out, std::string_view schema, const RootRules& rules);

// Whether an API whose `strict` wants every object closed and every property required takes it so
// (developers.openai.com/api/docs/guides/structured-outputs).
bool is_strict_schema(std::string_view schema);

}  // namespace sluice::api
