// Schemas: Gemini's own form as JSON Schema, JSON Schema as the subset of OpenAPI that older models accept, and hostile
// schemas, whose output and time must be bounded.
#include "api/gemini/schema.h"
#include "gemini_support.h"

using namespace sluice;
using namespace sluice::api;

namespace {

nlohmann::json openapi_of(const std::string& schema, gemini::OpenApiSchema* told = nullptr) {
  JsonDocument document;
  REQUIRE(document.parse(schema));
  std::string out;
  const gemini::OpenApiSchema result = gemini::append_openapi_schema(out, document.root());
  if (told != nullptr) *told = result;
  CHECK(out.size() < 600'000);
  return nlohmann::json::parse(out);
}

struct SchemaCase {
  const char *from, *to;
};

}  // namespace

TEST_CASE("gemini: the order of properties that a schema tells is that of its properties elsewhere") {
  JsonDocument document;
  REQUIRE(
      document.parse(R"({"type":"object","properties":{"a":{},"b":{},"c":{}},"propertyOrdering":["c","a","none"]})"));
  TextArena arena;
  CHECK(gemini::json_schema_of(document.root(), arena) == R"({"type":"object","properties":{"c":{},"a":{},"b":{}}})");
}

TEST_CASE("gemini: its own form of a schema becomes JSON Schema") {
  const SchemaCase cases[] = {
      {R"({"type":"STRING"})", R"({"type":"string"})"},
      {R"({"type":"STRING","nullable":true,"enum":["a"]})", R"({"type":["string","null"],"enum":["a",null]})"},
      {R"({"type":"OBJECT","properties":{"max_items":{"type":"ARRAY","min_items":"2","items":{"type":"NUMBER"}}},)"
       R"("property_ordering":["max_items"],"required":["max_items"]})",
       R"({"type":"object","properties":{"max_items":{"type":"array","minItems":2,"items":{"type":"number"}}},)"
       R"("required":["max_items"]})"},
      {R"({"any_of":[{"type":"STRING"},{"type":"INTEGER"}],"nullable":true})",
       R"({"anyOf":[{"type":"string"},{"type":"integer"},{"type":"null"}]})"},
      {R"({"type":"OBJECT","properties":{"type":{"type":"STRING"},"nullable":{"type":"BOOLEAN"}}})",
       R"({"type":"object","properties":{"type":{"type":"string"},"nullable":{"type":"boolean"}}})"},
      {R"({"type":"OBJECT","additionalProperties":{"type":"STRING"},"$defs":{"A":{"type":"NULL"}}})",
       R"({"type":"object","additionalProperties":{"type":"string"},"$defs":{"A":{"type":"null"}}})"}};
  for (const SchemaCase& one : cases) {
    const std::string from = one.from;
    JsonDocument document;
    REQUIRE(document.parse(from));
    TextArena arena;
    CHECK(gemini::json_schema_of(document.root(), arena) == one.to);
  }
}

TEST_CASE("gemini: JSON Schema stays as it was spelled") {
  const std::string schema =
      R"({ "type" : "object", "$schema":"x", "properties" : {"A":{"type":["string","null"],"enum":["STRING"]} } })";
  JsonDocument document;
  REQUIRE(document.parse(schema));
  TextArena arena;
  CHECK(gemini::json_schema_of(document.root(), arena).data() == document.root().raw().data());
}

TEST_CASE("gemini: JSON Schema as the part of OpenAPI's that is taken") {
  const SchemaCase cases[] = {
      {R"({"type":"object","$schema":"x","additionalProperties":false,"properties":{"n":{"type":"integer",)"
       R"("exclusiveMinimum":0,"minimum":1,"default":3,"title":"N"}},"required":["n","gone"]})",
       R"({"type":"OBJECT","properties":{"n":{"type":"INTEGER","minimum":1}},"required":["n"]})"},
      {R"({"type":["string","null"],"description":"d"})", R"({"type":"STRING","nullable":true,"description":"d"})"},
      {R"({"type":["string","integer","null"]})",
       R"({"anyOf":[{"type":"STRING","nullable":true},{"type":"INTEGER","nullable":true}]})"},
      {R"({"const":"a"})", R"({"type":"STRING","enum":["a"]})"},
      {R"({"enum":["a","","b",null]})", R"({"type":"STRING","enum":["a","b"]})"},
      {R"({"enum":[1,2]})", R"({"type":"NUMBER"})"},
      {R"({"oneOf":[{"type":"string"},{"type":"null"}],"description":"d"})",
       R"({"type":"STRING","nullable":true,"description":"d"})"},
      {R"({"description":"d","oneOf":[{"type":"string"},{"type":"object","properties":{"a":{"type":"boolean"}}}]})",
       R"({"anyOf":[{"type":"STRING","description":"d"},)"
       R"({"type":"OBJECT","description":"d","properties":{"a":{"type":"BOOLEAN"}}}]})"},
      {R"({"allOf":[{"properties":{"a":{"type":"string"}},"required":["a"]},{"properties":{"b":{"type":"number"}}}]})",
       R"({"type":"OBJECT","properties":{"a":{"type":"STRING"},"b":{"type":"NUMBER"}},"required":["a"]})"},
      {R"({"type":"array"})", R"({"type":"ARRAY","items":{"type":"STRING"}})"},
      {R"({"type":"array","prefixItems":[{"type":"number"},{"type":"string"}],"maxItems":2})",
       R"({"type":"ARRAY","items":{"type":"NUMBER"},"maxItems":2})"},
      {R"({"type":"string","format":"uri","pattern":"^a"})", R"({"type":"STRING","pattern":"^a"})"},
      {R"({"type":"string","format":"date-time"})", R"({"type":"STRING","format":"date-time"})"},
      {R"({"$ref":"#/$defs/A~1b%20c","$defs":{"A/b c":{"type":"string"}}})", R"({"type":"STRING"})"},
      {R"({"type":"object","properties":{"p":{"$ref":"#/definitions/P","description":"mine"}},)"
       R"("definitions":{"P":{"type":"string","description":"its"}}})",
       R"({"type":"OBJECT","properties":{"p":{"type":"STRING","description":"its"}}})"},
      {R"({"$ref":"https://elsewhere/x"})", R"({"type":"STRING"})"},
      {R"({"type":"object","properties":{"x":true}})", R"({"type":"OBJECT","properties":{"x":{"type":"STRING"}}})"},
      {R"({"type":"object","patternProperties":{".*":{}}})", R"({"type":"OBJECT"})"}};
  for (const SchemaCase& one : cases) {
    INFO(one.from);
    CHECK(openapi_of(one.from) == nlohmann::json::parse(one.to));
  }
}

TEST_CASE("gemini: whether a schema says less is known") {
  gemini::OpenApiSchema told;
  openapi_of(R"({"type":"object","additionalProperties":false,"properties":{"a":{"type":"string","title":"A"}}})",
             &told);
  CHECK_FALSE(told.is_less);
  CHECK_FALSE(told.is_empty_object);
  openapi_of(R"({"type":"object","properties":{}})", &told);
  CHECK_FALSE(told.is_less);
  CHECK(told.is_empty_object);
  openapi_of(R"({"type":"object","properties":{"a":{"type":"number","multipleOf":2}}})", &told);
  CHECK(told.is_less);
}

TEST_CASE("gemini: schemas that refer to themselves end") {
  const SchemaCase cases[] = {
      {R"({"$ref":"#"})", R"({"type":"OBJECT"})"},
      {R"({"$ref":"#/$defs/A","$defs":{"A":{"$ref":"#/$defs/B"},"B":{"$ref":"#/$defs/A"}}})", R"({"type":"OBJECT"})"},
      {R"({"type":"object","properties":{"next":{"$ref":"#"},"v":{"type":"string"}}})",
       R"({"type":"OBJECT","properties":{"next":{"type":"OBJECT"},"v":{"type":"STRING"}}})"},
      {R"({"type":"object","properties":{"kids":{"type":"array","items":{"anyOf":[{"$ref":"#"},{"type":"null"}]}}}})",
       R"({"type":"OBJECT","properties":{"kids":{"type":"ARRAY","items":{"type":"OBJECT"}}}})"}};
  for (const SchemaCase& one : cases) {
    INFO(one.from);
    gemini::OpenApiSchema told;
    CHECK(openapi_of(one.from, &told) == nlohmann::json::parse(one.to));
    CHECK(told.is_less);
  }
}

TEST_CASE("gemini: hostile schemas give a bounded output") {
  std::string doubling = R"({"$ref":"#/$defs/D40","$defs":{"D0":{"type":"string"})";
  for (int i = 1; i <= 40; ++i) {
    const std::string before = std::to_string(i - 1);
    doubling += R"(,"D)" + std::to_string(i) + R"(":{"type":"object","properties":{"a":{"$ref":"#/$defs/D)" + before +
                R"("},"b":{"$ref":"#/$defs/D)" + before + R"("}}})";
  }
  doubling += "}}";
  std::string wide = R"({"type":"object","properties":{)";
  for (int i = 0; i < 2000; ++i) {
    wide += (i == 0 ? "\"p" : ",\"p") + std::to_string(i) + R"(":{"$ref":"#/$defs/W"})";
  }
  wide += R"(},"$defs":{"W":{"type":"object","properties":{)";
  for (int i = 0; i < 2000; ++i) wide += (i == 0 ? "\"q" : ",\"q") + std::to_string(i) + R"(":{"type":"string"})";
  wide += "}}}}";
  std::string all = R"({"allOf":[{})";
  for (int i = 0; i < 5000; ++i) all += R"(,{"$ref":"#"},{"allOf":[{"type":"string"}]})";
  all += "]}";
  std::string deep;
  for (int i = 0; i < 80; ++i) deep += R"({"type":"array","items":)";
  deep += R"({"type":"string"})" + std::string(80, '}');
  for (const std::string& schema : {doubling, wide, all, deep}) {
    INFO(schema.substr(0, 200));
    gemini::OpenApiSchema told;
    const nlohmann::json out = openapi_of(schema, &told);
    CHECK(out.is_object());
    CHECK(told.is_less);
  }
}

TEST_CASE("gemini: a schema of 100,000 levels is refused with the request that holds it") {
  std::string schema;
  for (int i = 0; i < 100'000; ++i) schema += R"({"items":)";
  schema += "{}" + std::string(100'000, '}');
  const std::string body =
      R"({"contents":[],"tools":[{"functionDeclarations":[{"name":"f","parameters":)" + schema + "}]}]}";
  const auto request = test::gemini_room().read_request(body, {"generateContent", "m", false});
  REQUIRE_FALSE(request);
  CHECK(request.error().code == ErrorCode::bad_request);
  // From another dialect, whose reader accepts schemas unchecked: it is left out.
  Request other;
  other.from = Dialect::openai;
  other.messages.emplace_back().parts.emplace_back().text = JsonText{"hi"};
  Tool& tool = other.tools.emplace_back();
  tool.name = JsonText{"f"};
  tool.schema = schema;
  const auto written = test::write_gemini(other, test::gemini_facts("gemini-1.5-pro"));
  CHECK_FALSE(written.body["tools"][0]["functionDeclarations"][0].contains("parameters"));
}
