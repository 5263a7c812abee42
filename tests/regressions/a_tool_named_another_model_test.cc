// A key for some models only could name any other in a tool that asks a model of its own, or in Gemini's
// embedContentRequest.
#include <catch2/catch.hpp>

#include "gateway/world.h"

namespace sluice::gateway {
namespace {

std::string answer_with_key(const std::string& path, const std::string& body, bool restricted = true) {
  config::Config config = World::plain_config();
  config.keys.resize(1);
  config.keys[0].name = "team";
  config.keys[0].key = "team-secret";
  if (restricted) config.keys[0].models = config::AllowedModels({"fast", "lab/small"});
  World world(config);
  world.say(post(path, body, "Authorization: Bearer team-secret\r\n"));
  return world.targets.empty() ? world.caller->text.substr(0, 12) : "sent";
}

TEST_CASE("a restricted key's tools may name its models only") {
  const auto chat = [](const std::string& tools) { return R"({"model":"fast",)" + tools + "}"; };
  const std::string refused = "HTTP/1.1 403";
  for (const std::string path : {"/v1/messages", "/v1/chat/completions", "/v1/responses"}) {
    CHECK(answer_with_key(path, chat(R"("tools":[{"type":"advisor_1","model":"other"}])")) == refused);
    CHECK(answer_with_key(path, chat(R"("tools":[{"type":"a"},{"advisor":{"model":"other"}}])")) == refused);
    CHECK(answer_with_key(path, chat(R"("t\u006fols":[{"type":"a","Model":"other"}])")) == refused);
    CHECK(answer_with_key(path, chat(R"("tools":[{"type":"a","model":"\ud800"}])")) == refused);
    for (const char* model : {"fast", "real-model", "small"}) {
      CHECK(answer_with_key(path, chat(R"("tools":[{"type":"a","model":")" + std::string(model) + "\"}]")) == "sent");
    }
    CHECK(answer_with_key(path,
                          chat(R"("tools":[{"name":"f","parameters":{"properties":{"model":{"type":"string"}}}}])")) ==
          "sent");
    CHECK(answer_with_key(path, chat(R"("tools":[{"type":"a","model":"other"}])"), false) == "sent");
  }
}

TEST_CASE("embedContentRequest names the URL's model or none") {
  const std::string path = "/v1beta/models/fast:embedContent";
  for (const char* key : {"embedContentRequest", "embed_content_request"}) {
    const std::string begin = "{\"" + std::string(key) + "\":{\"model\":\"models/";
    CHECK(answer_with_key(path, begin + "other\"}}") == "HTTP/1.1 400");
    CHECK(answer_with_key(path, begin + "fast\"}}") == "sent");
  }
}

}  // namespace
}  // namespace sluice::gateway
