// A conversation whose earlier turns came from another provider continues with one that speaks the caller's dialect:
// data that only the other provider can read is not sent to it.
#include <catch2/catch.hpp>

#include "world.h"

namespace sluice::gateway {
namespace {

struct Case {
  const char* path;
  std::string body;
  const char* kept;     // what the target is sent nevertheless, spelled as it was
  const char* dropped;  // the answer's header field
};

// With a provider that speaks none of the dialects below: the earlier answers can have come from it.
config::Config two_providers() {
  config::Config config = World::plain_config();
  config.providers.push_back(config.providers.front());
  config.providers.back().name = "other";
  config.providers.back().dialects = {Dialect::ollama};
  return config;
}

TEST_CASE("data of another provider does not go to a target of the caller's own dialect") {
  const Case cases[] = {
      {"/v1/chat/completions",
       R"({"model":"fast","x": 1,"messages":[{"role":"user","content":"sluice.conf"},{"role":"assistant","content":"a","z" : 2,)"
       R"("reasoning_details":[{"type":"reasoning.encrypted","data":"sluice.gemini.00ff..AAA","index":0},)"
       R"({"type":"reasoning.text","text":"own","signature":"OWN","index":1}],"tool_calls":[{"id":"c","type":"function",)"
       R"("function":{"name":"f","arguments":"{ }"},"extra_content":{"google":{"thought_signature":"sluice.gemini.00ff..B"}}}]},)"
       R"({"role":"tool","tool_call_id":"c","content":"r"}]})",
       R"({"role":"assistant","content":"a","z":2,"reasoning_details":[{"type":"reasoning.text","text":"own","signature":"OWN","index":1}],)"
       R"("tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{ }"}}]})",
       "messages[1].reasoning_details[0]=bound, messages[1].tool_calls[0].extra_content=bound"},
      {"/v1/messages",
       R"({"model":"fast","max_tokens":9,"messages":[{"role":"user","content":"q"},{"role":"assistant","content":[)"
       R"({"type":"thinking","thinking":"t","signature":"sluice.responses.00ff.rs_1.AAA"},{"type":"text","text" : "a"}]},)"
       R"({"role":"user","content":"go on"}]})",
       R"({"role":"assistant","content":[{"type":"text","text" : "a"}]})", "messages[1].content[0]=bound"},
      {"/v1/responses",
       R"({"model":"fast","store":false,"input":[{"role":"user","content":"q"},{"type":"reasoning","id":"rs_1","summary":[],)"
       R"("encrypted_content":"sluice.anthropic.00ff..AAA"},{"type":"message","role":"assistant","content":"a" },{"role":"user","content":"go on"}]})",
       R"({"type":"message","role":"assistant","content":"a" })", "input.encrypted_content=bound"},
      {"/v1beta/models/fast:generateContent",
       R"({"contents":[{"role":"user","parts":[{"text":"q"}]},{"role":"model","parts":[{"text" : "a"},{"functionCall":{"name":"f","args":{}},)"
       R"("thoughtSignature":"c2x1aWNlLmFudGhyb3BpYy4wMGZmLi5BQUE="}]},{"role":"user","parts":[{"functionResponse":{"name":"f","response":{}}}]}]})",
       R"("thoughtSignature":"skip_thought_signature_validator")", "contents[1].parts[0]=bound"},
  };
  for (const Case& one : cases) {
    INFO(one.path);
    World world(two_providers());
    world.say(post(one.path, one.body));
    REQUIRE(world.targets.size() == 1);
    CHECK_FALSE(world.target().has("sluice.gemini"));
    CHECK_FALSE(world.target().has("sluice.anthropic"));
    CHECK_FALSE(world.target().has("sluice.responses"));
    CHECK_FALSE(world.target().has("c2x1aWNlL"));
    CHECK(world.target().has(one.kept));
    world.target_says(ok_json(any_answer));
    CHECK(world.caller->has("sluice-dropped: " + std::string(one.dropped) + "\r\n"));
  }
}

TEST_CASE("the name of this program in a conversation changes nothing") {
  World world(two_providers());
  const std::string messages =
      R"("messages": [ {"role":"user","content":"what does sluice.openai.cc do, and sluice.json?"} ] , "unknown" : [1, 2])";
  world.say(post("/v1/chat/completions", R"({"model":"fast",)" + messages + "}"));
  REQUIRE(world.targets.size() == 1);
  CHECK(world.target().has(R"({"role":"user","content":"what does sluice.openai.cc do, and sluice.json?"})"));
  CHECK(world.target().has(R"("unknown":[1, 2])"));
  world.target_says(ok_json(any_answer));
  CHECK_FALSE(world.caller->has("sluice-dropped"));
}

TEST_CASE("where all providers speak the caller's dialect, a conversation is not looked at") {
  World world;
  const std::string body =
      R"({"model":"fast", "messages":[{"role":"assistant","content":"a","reasoning_details":[{"type":"reasoning.encrypted",)"
      R"("data":"sluice.gemini.00ff..AAA"}]}]})";
  world.say(post("/v1/chat/completions", body));
  REQUIRE(world.targets.size() == 1);
  CHECK(world.target().has("sluice.gemini.00ff..AAA"));
}

TEST_CASE("a stream whose usage is not asked for is not asked for it with foreign data either") {
  config::Config config = two_providers();
  config.providers.front().ask_usage = false;
  World world(config);
  world.say(
      post("/v1/chat/completions",
           R"({"model":"fast","stream":true,"stream_options":{"a":1},"messages":[{"role":"assistant","content":"a",)"
           R"("reasoning_details":[{"type":"reasoning.encrypted","data":"sluice.gemini.00ff..AAA"}]}]})"));
  REQUIRE(world.targets.size() == 1);
  CHECK(world.target().has(R"("stream_options":{"a":1})"));
  CHECK_FALSE(world.target().has("include_usage"));
}

}  // namespace
}  // namespace sluice::gateway
