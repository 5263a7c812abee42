// What APIs accept at the root of a function's schema.
#include "api/object_schema.h"

#include <catch2/catch.hpp>

using namespace sluice::api;

namespace {

std::string schema_of(std::string_view schema, const RootRules& rules) {
  std::string out;
  const bool is_same = append_object_schema(out, schema, rules);
  return is_same ? out : "less: " + out;
}

}  // namespace

TEST_CASE("a function's schema is an object with properties, and no combination of others, where an API wants that") {
  constexpr RootRules makers = root_rules(true), imitators = root_rules(false), any{};
  CHECK(schema_of("", makers) == R"({"type":"object","properties":{}})");
  CHECK(schema_of("{}", makers) == R"({"type":"object","properties":{}})");
  CHECK(schema_of("true", makers) == R"(less: {"type":"object","properties":{}})");
  // As MCP servers describe tools without arguments.
  for (const RootRules& rules : {makers, imitators}) {
    CHECK(schema_of(R"({"type":"object"})", rules) == R"({"type":"object","properties":{}})");
    CHECK(schema_of(R"({"type":"object","additionalProperties":false})", rules) ==
          R"({"type":"object","additionalProperties":false,"properties":{}})");
    CHECK(schema_of(R"({"properties":{"a":{}}})", rules) == R"({"type":"object","properties":{"a":{}}})");
    CHECK(schema_of(R"({ "type":"object", "properties":{} })", rules) == R"({ "type":"object", "properties":{} })");
  }
  CHECK(schema_of(R"({"type":"object"})", any) == R"({"type":"object"})");
  constexpr std::string_view union_of_two =
      R"({"type":"object","description":"d","properties":{"a":{}},"required":["a"],"anyOf":[{"properties":{"b":{}},"required":["b"]},{"properties":{"c":{}}}]})";
  CHECK(schema_of(union_of_two, makers) ==
        R"(less: {"type":"object","description":"d","properties":{"a":{},"b":{},"c":{}},"required":["a"]})");
  CHECK(schema_of(union_of_two, imitators) == union_of_two);
  CHECK(schema_of(R"({"type":"object","properties":{"a":{}},"not":{"required":["a"]}})", makers) ==
        R"(less: {"type":"object","properties":{"a":{}},"required":[]})");
}

TEST_CASE("a schema can be forced where every object in it is closed, and all of its properties are required") {
  CHECK(is_strict_schema(
      R"({"type":"object","properties":{"a":{"type":"string"},"b":{"anyOf":[{"type":"null"},{"$ref":"#/$defs/x"}]}},)"
      R"("required":["a","b"],"additionalProperties":false,)"
      R"("$defs":{"x":{"type":"object","properties":{},"additionalProperties":false}}})"));
  for (
      const char* const schema :
      {"", "[]", R"({"type":"string"})", R"({"type":"object","properties":{}})",
       R"({"type":"object","properties":{"a":{}},"additionalProperties":false})",
       R"({"type":"object","properties":{"a":{"type":"object"}},"required":["a"],"additionalProperties":false})",
       R"({"type":"object","properties":{"a":{"type":"array","items":{"oneOf":[]}}},"required":["a"],"additionalProperties":false})",
       R"({"type":"object","properties":{"a":{"type":"string","default":"x"}},"required":["a"],"additionalProperties":false})"}) {
    INFO(schema);
    CHECK_FALSE(is_strict_schema(schema));
  }
}
