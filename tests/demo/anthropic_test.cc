// The demo provider's anthropic dialect.
#include <catch2/catch.hpp>

#include "harness.h"

using namespace sluice;
using namespace sluice::test;

namespace {

std::vector<std::string> types_of(const std::vector<Frame>& frames) {
  std::vector<std::string> types;
  for (const Frame& frame : frames) {
    CHECK(frame.json()["type"] == frame.event);
    if (types.empty() || types.back() != frame.event) types.push_back(frame.event);
  }
  return types;
}

}  // namespace

TEST_CASE("messages: a whole answer") {
  World world;
  const Json answer =
      world
          .post(
              "/v1/messages?beta=true",
              R"({"model":"claude","max_tokens":64,"system":[{"type":"text","text":"two words"}],"messages":[{"role":"user","content":"hi"}]})")
          ->json();
  CHECK(answer["type"] == "message");
  CHECK(answer["role"] == "assistant");
  CHECK(answer["model"] == "claude");
  CHECK(answer["content"] == Json::array({{{"type", "text"}, {"text", "You said: hi"}}}));
  CHECK(answer["stop_reason"] == "end_turn");
  CHECK(answer["usage"]["input_tokens"] == 3);
  CHECK(answer["usage"]["output_tokens"] == 3);
}

TEST_CASE("messages: a text stream from message_start to message_stop") {
  World world;
  const auto exchange =
      world.post("/v1/messages",
                 R"({"model":"claude","max_tokens":64,"stream":true,"messages":[{"role":"user","content":"hi you"}]})");
  const std::vector<Frame> frames = sse_frames(exchange->responder.body);
  CHECK(types_of(frames) == std::vector<std::string>{"message_start", "content_block_start", "content_block_delta",
                                                     "content_block_stop", "message_delta", "message_stop"});
  CHECK(frames[0].json()["message"]["usage"]["input_tokens"] == 2);
  CHECK(frames[0].json()["message"]["content"] == Json::array());
  std::string text;
  for (const Frame& frame : frames) {
    if (frame.event == "content_block_delta") text += frame.json()["delta"]["text"].get<std::string>();
  }
  CHECK(text == "You said: hi you");
  const Json delta = frames[frames.size() - 2].json();
  CHECK(delta["delta"]["stop_reason"] == "end_turn");
  CHECK(delta["usage"]["output_tokens"] == 4);
}

TEST_CASE("messages: tools are blocks of their own, whole and streamed") {
  World world;
  const std::string tools =
      R"("tools":[{"name":"Read","input_schema":{"type":"object","properties":{"path":{"type":"string"}},"required":["path"]}},)"
      R"({"type":"web_search_20250305","name":"web"},{"name":"Write","input_schema":{"type":"object"}}])";
  const std::string body =
      R"({"model":"claude","max_tokens":64,"messages":[{"role":"user","content":"Read and Write the web notes.md"}],)" +
      tools;
  const Json answer = world.post("/v1/messages", body + "}")->json();
  CHECK(answer["stop_reason"] == "tool_use");
  REQUIRE(answer["content"].size() == 2);
  CHECK(answer["content"][0]["type"] == "tool_use");
  CHECK(answer["content"][0]["name"] == "Read");
  CHECK(answer["content"][0]["input"] == Json{{"path", "notes.md"}});
  CHECK(answer["content"][1]["input"] == Json::object());
  CHECK(answer["content"][0]["id"] != answer["content"][1]["id"]);

  const std::vector<Frame> frames = sse_frames(world.post("/v1/messages", body + R"(,"stream":true})")->responder.body);
  CHECK(types_of(frames) == std::vector<std::string>{"message_start", "content_block_start", "content_block_delta",
                                                     "content_block_stop", "content_block_start", "content_block_delta",
                                                     "content_block_stop", "message_delta", "message_stop"});
  CHECK(frames[1].json()["content_block"]["input"] == Json::object());
  std::string arguments;
  for (const Frame& frame : frames) {
    const Json event = frame.json();
    if (frame.event == "content_block_delta" && event["index"] == 0)
      arguments += event["delta"]["partial_json"].get<std::string>();
  }
  CHECK(Json::parse(arguments) == Json{{"path", "notes.md"}});
  CHECK(frames[frames.size() - 2].json()["delta"]["stop_reason"] == "tool_use");
}

TEST_CASE("messages: tool results beside text, forced tools, limits") {
  struct Case {
    const char* more;
    const char* stop_reason;
    const char* text;  // null: a call of `b`
  };
  const Case c = GENERATE(values<Case>({
      {R"("messages":[{"role":"user","content":"a"},{"role":"user","content":[{"type":"tool_result","tool_use_id":"x","content":[{"type":"text","text":"done"}]},{"type":"text","text":"go on with a"}]}])",
       "end_turn", "The tool said: done"},
      {R"("messages":[{"role":"user","content":"c"}],"tool_choice":{"type":"tool","name":"b"})", "tool_use", nullptr},
      {R"("messages":[{"role":"user","content":"b"}],"tool_choice":{"type":"none"})", "end_turn", "You said: b"},
      {R"("messages":[{"role":"user","content":"c d e f g"}])", "max_tokens", "You said: c d e"},
  }));
  World world;
  const Json answer =
      world
          .post(
              "/v1/messages",
              std::string(
                  R"({"model":"m","max_tokens":5,"tools":[{"name":"go","input_schema":{}},{"name":"b","input_schema":{}}],)") +
                  c.more + "}")
          ->json();
  CHECK(answer["stop_reason"] == c.stop_reason);
  if (c.text != nullptr) {
    CHECK(answer["content"][0]["text"] == c.text);
  } else {
    CHECK(answer["content"][0]["name"] == "b");
  }
}

TEST_CASE("messages: counting tokens") {
  World world;
  const Json counted =
      world
          .post("/v1/messages/count_tokens",
                R"({"model":"m","system":"one two","messages":[{"role":"user","content":"three four five"}]})")
          ->json();
  CHECK(counted == Json{{"input_tokens", 5}});
}
