// Under /openai/deployments/NAME, a form without `model` was answered with 404 "names no model", one with another model
// was served as that model, and responses and messages were 400 "model is missing" if their target had another dialect.
#include <catch2/catch.hpp>

#include "gateway/world.h"

namespace sluice::gateway {
namespace {

const std::string file_part = "--B\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nxx\r\n";
const std::string form_end = "--B--\r\n";

std::string model_part(const std::string& model) {
  return "--B\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\n" + model + "\r\n";
}

std::string form_request(const std::string& body, const std::string& name = "fast") {
  return "POST /openai/deployments/" + name +
         "/audio/transcriptions?api-version=1 HTTP/1.1\r\nHost: x\r\ncontent-type: multipart/form-data; boundary=B\r\n"
         "content-length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

TEST_CASE("a form gets the deployment's model") {
  for (const std::string& body : {file_part + form_end, model_part("fast") + file_part + form_end,
                                  file_part + model_part("fast") + form_end, model_part("") + file_part + form_end}) {
    for (const bool by_bytes : {false, true}) {
      World world;
      const std::string request = form_request(body);
      if (by_bytes) {
        for (const char c : request) world.say({&c, 1});
      } else {
        world.say(request);
      }
      INFO(body << world.caller->text);
      REQUIRE(world.targets.size() == 1);
      std::string sent = body;
      if (const size_t at = sent.find("fast"); at != sent.npos) {
        sent.replace(at, 4, "real-model");
      } else if (sent.starts_with(model_part(""))) {
        sent.replace(0, model_part("").size(), model_part("real-model"));
      } else {
        sent = model_part("real-model") + sent;
      }
      CHECK(world.target().text.starts_with("POST /v1/audio/transcriptions HTTP/1.1\r\n"));
      CHECK(world.target().has("\r\ncontent-length: " + std::to_string(sent.size()) + "\r\n"));
      CHECK(world.target().text.ends_with("\r\n\r\n" + sent));
    }
  }
}

TEST_CASE("a form whose model is another one, and a name that could begin a part, are rejected") {
  for (const std::string& request :
       {form_request(model_part("other") + file_part + form_end),
        form_request(file_part + model_part("other") + form_end),
        form_request(file_part + form_end, "lab%2Fx%0D%0A--B"), form_request(model_part("other") + file_part)}) {
    World world;
    world.say(request);
    INFO(request << world.caller->text);
    CHECK(world.caller->text.starts_with("HTTP/1.1 400 "));
    CHECK(world.targets.empty());
  }
}

TEST_CASE("a deployment's responses and messages are translated") {
  struct Row {
    const char* path;
    const char* body;
    Dialect target;
  };
  for (const Row& row :
       {Row{"responses", R"({"input":"x"})", Dialect::openai},
        Row{"responses", R"({"input":"x","model":null})", Dialect::anthropic},
        Row{"v1/messages", R"({"max_tokens":5,"messages":[{"role":"user","content":"x"}]})", Dialect::openai},
        Row{"chat/completions", R"({"messages":[{"role":"user","content":"x"}]})", Dialect::anthropic}}) {
    config::Config config = World::plain_config();
    config.providers[0].dialects = {row.target};
    World world(config);
    world.say(post("/openai/deployments/fast/" + std::string(row.path), row.body));
    INFO(row.path << world.caller->text);
    REQUIRE(world.targets.size() == 1);
    CHECK(world.target().has(R"("model":"real-model")"));
  }
}

TEST_CASE("a null in place of the model is replaced, so that it is not there twice") {
  World world;
  world.say(post("/openai/deployments/fast/chat/completions", R"({"messages":[],"model":null})"));
  REQUIRE(world.targets.size() == 1);
  CHECK(world.target().text.ends_with(R"({"messages":[],"model":"real-model"})"));
}

}  // namespace
}  // namespace sluice::gateway
