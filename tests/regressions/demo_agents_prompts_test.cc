// The demo called tools whose names occurred in the context that an agent puts before the user's text, or within longer
// words; it rejected Claude Code's system messages with 400, and did not accept snake_case schemas.
#include <catch2/catch.hpp>

#include "demo/demo_provider.h"
#include "demo/json.h"
#include "net/loop.h"
#include "support/fake_responder.h"

namespace sluice::demo {
namespace {

Json answer_to(std::string_view target, std::string_view body) {
  const std::unique_ptr<net::Loop> loop = std::make_unique<net::Loop>();
  DemoProvider provider(*loop, {});
  http::RequestHead head;
  head.method = http::Method::post;
  head.target = target;
  test::FakeResponder responder(loop.get(), false);
  const auto handler = provider.handle(head, responder);
  handler->on_body(body);
  handler->on_body_end();
  INFO(responder.body);
  CHECK(responder.status == 200);
  return Json::parse(responder.body);
}

const std::string read_tool =
    R"("tools":[{"name":"Read","input_schema":{"type":"object","properties":{"path":{"type":"string"}}}}])";

TEST_CASE("a tool that only an agent's own context names is not called") {
  const Json answer = answer_to("/v1/messages",
                                R"({"model":"demo","max_tokens":50,"messages":[{"role":"user","content":[
           {"type":"text","text":"<system-reminder>\nUse Read for files.\n</system-reminder>"},
           {"type":"text","text":"Say hello"},
           {"type":"text","text":"<system-reminder>Read it.</system-reminder>"}]}],)" +
                                    read_tool + "}");
  CHECK(answer["content"][0]["text"] == "You said: Say hello");
}

TEST_CASE("a tool's name within another word is no call") {
  for (const char* text : {"My Reader", "Re-Reading", "PreRead"}) {
    const Json answer =
        answer_to("/v1/messages", R"({"model":"demo","max_tokens":50,"messages":[{"role":"user","content":")" +
                                      std::string(text) + R"("}],)" + read_tool + "}");
    CHECK(answer["stop_reason"] == "end_turn");
  }
  const Json answer = answer_to(
      "/v1/messages",
      R"({"model":"demo","max_tokens":50,"messages":[{"role":"user","content":"Read: a.txt"}],)" + read_tool + "}");
  CHECK(answer["stop_reason"] == "tool_use");
  CHECK(answer["content"][0]["input"]["path"] == "a.txt");
}

TEST_CASE("what a user wrote is heard though it is all in a tag") {
  const Json answer =
      answer_to("/v1/chat/completions",
                R"({"model":"demo","messages":[{"role":"user","content":[{"type":"text","text":"<b>hi</b>"}]}]})");
  CHECK(answer["choices"][0]["message"]["content"] == "You said: <b>hi</b>");
}

TEST_CASE("a system message within the conversation is taken") {
  const Json answer = answer_to(
      "/v1/messages",
      R"({"model":"demo","max_tokens":50,"messages":[{"role":"user","content":"Hello"},{"role":"system","content":"Be kind."}]})");
  CHECK(answer["content"][0]["text"] == "You said: Hello");
}

TEST_CASE("gemini's schemas may be written in snake_case") {
  const Json answer = answer_to(
      "/v1beta/models/demo:generateContent",
      R"({"contents":[{"parts":[{"text":"look_up sluice"}]}],"tools":[{"function_declarations":[{"name":"look_up",
        "parameters_json_schema":{"type":"object","properties":{"word":{"type":"string"}}}}]}]})");
  CHECK(answer["candidates"][0]["content"]["parts"][0]["functionCall"]["args"]["word"] == "sluice");
}

}  // namespace
}  // namespace sluice::demo
