// Gemini's embedContent, batchEmbedContents and countTokens name the model in the body too: the URL was rewritten but
// not the body, and the target rejected a request that named two models.
#include <catch2/catch.hpp>

#include "gateway/world.h"

namespace sluice::gateway {
namespace {

TEST_CASE("a model is renamed wherever a gemini request names it") {
  struct Row {
    const char *verb, *body, *sent;
  };
  for (
      const Row& row : {
          Row{"batchEmbedContents",
              R"({"requests":[{"model":"models/fast","a":[1]},{"content":{},"model":"models/fast"}]})",
              R"({"requests":[{"model":"models/real-model","a":[1]},{"content":{},"model":"models/real-model"}]})"},
          Row{"embedContent", R"({"model":"models/fast","content":{"model":"x"}})",
              R"({"model":"models/real-model","content":{"model":"x"}})"},
          Row{"countTokens", R"({"generateContentRequest":{"model":"models/fast","contents":[]}})",
              R"({"generateContentRequest":{"model":"models/real-model","contents":[]}})"},
          Row{"countTokens", R"({"generate_content_request":{"model":"fast"}})",
              R"({"generate_content_request":{"model":"models/real-model"}})"},
          Row{"batchGenerateContent",
              R"({"batch":{"model":"models/fast","inputConfig":{"requests":{"requests":[{"request":{"model":"models/fast"}}]}}}})",
              R"({"batch":{"model":"models/real-model","inputConfig":{"requests":{"requests":[{"request":{"model":"models/real-model"}}]}}}})"},
          Row{"generateContent", R"({"contents":[{"parts":[{"text":"model"}]}]})",
              R"({"contents":[{"parts":[{"text":"model"}]}]})"},
      }) {
    World world;
    world.say(post(std::string("/v1beta/models/fast:") + row.verb, row.body));
    INFO(row.verb << world.caller->text);
    REQUIRE(world.targets.size() == 1);
    CHECK(world.target().has(std::string("/v1beta/models/real-model:") + row.verb));
    CHECK(world.target().text.ends_with(std::string("\r\n\r\n") + row.sent));
  }
}

TEST_CASE("a body that names another model than its URL is refused") {
  for (const char* body :
       {R"({"requests":[{"model":"models/fast"},{"model":"models/dear"}]})", R"({"model":"models/dear"})",
        R"({"model":"models/fast","model":"models/fast"})", R"({"model":"fast","Model":"fast"})",
        R"({"generateContentRequest":{},"generate_content_request":{"model":"dear"}})", R"({"requests":[{"model":1}]})",
        R"({"requests":[{]})"}) {
    World world;
    world.say(post("/v1beta/models/fast:batchEmbedContents", body));
    INFO(body);
    CHECK(world.caller->has("HTTP/1.1 400 "));
    CHECK(world.targets.empty());
  }
}

TEST_CASE("an ollama body is renamed under both its names") {
  World world;
  world.say(post("/api/generate", R"({"name":"fast","model":"fast"})"));
  REQUIRE(world.targets.size() == 1);
  CHECK(world.target().text.ends_with(R"({"name":"real-model","model":"real-model"})"));
}

}  // namespace
}  // namespace sluice::gateway
