#include "admin/openapi.h"

#include <catch2/catch.hpp>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "admin/pages.h"
#include "api/endpoint.h"

namespace sluice::admin {
namespace {

using Json = nlohmann::json;

std::string operation(http::Method method, std::string_view path) {
  std::string text(http::name_of(method));
  for (char& c : text) c = static_cast<char>(std::tolower(c));
  return text + " " + std::string(path);
}

TEST_CASE("the document names every endpoint and every own page once, and no others") {
  // A parser would keep only the last of two members with the same name, so they are counted while parsing.
  std::map<std::string, int> named;
  std::vector<std::string> at;
  const auto count = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::key) {
      at.resize(static_cast<size_t>(depth));
      at.back() = parsed.get<std::string>();
      if (depth == 3 && at[0] == "paths") ++named[at[2] + " " + at[1]];
    }
    return true;
  };
  REQUIRE_NOTHROW(Json::parse(openapi_body(), count));
  std::map<std::string, int> expected;
  for (const api::Endpoint* const endpoint : api::endpoints())
    ++expected[operation(endpoint->method, endpoint->pattern)];
  for (const Pages::Page& page : Pages::table()) {
    if (!page.summary.empty()) ++expected[operation(page.method, page.path)];
  }
  CHECK(named == expected);
  for (const auto& [name, times] : expected) {
    CAPTURE(name);
    CHECK(times == 1);
  }
}

TEST_CASE("the table of own pages is what the pages know") {
  for (const Pages::Page& page : Pages::table()) {
    CAPTURE(page.path);
    CHECK(Pages::knows(page.method, page.path));
    CHECK_FALSE(api::match(page.method, page.path));
  }
}

// Every "$ref" in `value`.
void collect_refs(const Json& value, std::set<std::string>& refs) {
  if (value.is_object() && value.contains("$ref")) refs.insert(value["$ref"].get<std::string>());
  if (!value.is_structured()) return;
  for (const Json& child : value) collect_refs(child, refs);
}

TEST_CASE("what the document refers to is there, and its operations are whole") {
  const Json document = Json::parse(openapi_body());
  CHECK(document["openapi"] == "3.1.0");
  std::set<std::string> refs, ids;
  collect_refs(document, refs);
  CHECK(refs.size() > 5);
  for (const std::string& ref : refs) {
    CAPTURE(ref);
    REQUIRE(ref.starts_with("#/"));
    CHECK(document.contains(Json::json_pointer(ref.substr(1))));
  }
  for (const auto& [path, item] : document["paths"].items()) {
    for (const auto& [method, operation] : item.items()) {
      CAPTURE(path, method);
      CHECK(ids.insert(operation["operationId"].get<std::string>()).second);
      CHECK(operation["responses"].contains("200"));
      CHECK(operation["responses"].contains("default"));
      CHECK(operation.contains("security"));
      const bool has_parameter = path.find('{') != std::string::npos;
      CHECK((operation.contains("parameters") && operation["parameters"][0]["in"] == "path") == has_parameter);
      for (const Json& use : operation["security"]) {
        for (const auto& [scheme, scopes] : use.items()) {
          CHECK(document["components"]["securitySchemes"].contains(scheme));
        }
      }
    }
  }
}

TEST_CASE("bodies are described as far as sluice reads them") {
  const Json paths = Json::parse(openapi_body())["paths"];
  const auto schema = [&](const char* path, const char* type) {
    return paths[path]["post"]["requestBody"]["content"][type]["schema"];
  };
  const Json chat = schema("/v1/chat/completions", "application/json");
  CHECK(chat["type"] == "object");
  CHECK(chat["additionalProperties"] == true);
  CHECK(chat["properties"]["stream"]["type"] == Json({"boolean", "null"}));
  CHECK(chat["properties"].contains("model"));
  CHECK(chat["properties"].contains("stream_options"));
  CHECK(schema("/v1/audio/transcriptions", "multipart/form-data")["properties"].contains("model"));
  CHECK_FALSE(schema("/v1beta/models/{model}:generateContent", "application/json").contains("properties"));
  const Json answers = paths["/v1/chat/completions"]["post"]["responses"];
  for (const char* status : {"400", "401", "403", "404", "411", "413", "415", "429", "502", "503", "504"}) {
    CAPTURE(status);
    CHECK(answers[status]["$ref"] == "#/components/responses/openai_error");
  }
  CHECK(paths["/api/chat"]["post"]["responses"]["200"]["content"].contains("application/x-ndjson"));
  CHECK(paths["/health"]["get"]["security"] == Json::array());
  CHECK(paths["/admin/limits"]["get"]["responses"].contains("403"));
}

}  // namespace
}  // namespace sluice::admin
