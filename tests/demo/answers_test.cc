// The demo's answers that depend on its model's name: thinking, parallel calls, a source, a refusal, the output limit.
#include <catch2/catch.hpp>

#include "wire.h"

using namespace sluice;
using namespace sluice::test;

namespace {

const Speaker &chat = speakers[0], &responses = speakers[1], &messages = speakers[2], &gemini = speakers[3],
              &ollama = speakers[4];

Json plain(Wire& wire, const Speaker& speaker, std::string_view model) {
  return Json::parse(wire.ask(speaker, model, false).body());
}

}  // namespace

TEST_CASE("think: thinking comes first, in each dialect's form, and is counted") {
  Wire wire;
  const std::string thought = "The user said 4 words. What shall I say?";
  const Json of_chat = plain(wire, chat, "think");
  CHECK(of_chat["choices"][0]["message"]["reasoning_content"] == thought);
  CHECK(of_chat["choices"][0]["message"]["content"] == whole_text);
  CHECK(of_chat["usage"]["completion_tokens_details"]["reasoning_tokens"] == 9);
  CHECK(of_chat["usage"]["completion_tokens"] == 15);
  const Json of_responses = plain(wire, responses, "think")["output"];
  CHECK(of_responses[0]["type"] == "reasoning");
  CHECK(of_responses[1]["content"][0]["text"] == whole_text);
  const Json of_messages = plain(wire, messages, "think");
  CHECK(of_messages["content"][0]["type"] == "thinking");
  CHECK(of_messages["content"][0]["thinking"] == thought);
  CHECK(of_messages["content"][0]["signature"].get<std::string>().starts_with("demo"));
  CHECK(of_messages["content"][1]["text"] == whole_text);
  CHECK(plain(wire, ollama, "think")["message"]["thinking"] == thought);
  const std::string asked = R"({"generationConfig":{"thinkingConfig":{"includeThoughts":true}},)" +
                            filled(gemini.body, "think", false).substr(1);
  const Json parts =
      Json::parse(wire.post(filled(gemini.path, "think", false), asked).body())["candidates"][0]["content"]["parts"];
  CHECK(parts[0]["text"] == thought);
  CHECK(parts[0]["thought"] == true);
}

TEST_CASE("parallel: every tool that is offered is called; with a result, none") {
  Wire wire;
  const std::string tools =
      R"("tools":[{"name":"a","input_schema":{}},{"name":"b","input_schema":{}},{"name":"c","input_schema":{}}]})";
  const Json answer = Json::parse(
      wire.post("/v1/messages",
                R"({"model":"parallel","max_tokens":99,"messages":[{"role":"user","content":"go"}],)" + tools)
          .body());
  REQUIRE(answer["content"].size() == 3);
  CHECK(answer["content"][0]["name"] == "a");
  CHECK(answer["content"][2]["name"] == "c");
  CHECK(answer["stop_reason"] == "tool_use");
  const Json after = Json::parse(
      wire.post(
              "/v1/messages",
              R"({"model":"parallel","max_tokens":99,"messages":[{"role":"user","content":"go"},{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"a","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"done"}]}],)" +
                  tools)
          .body());
  CHECK(after["content"][0]["text"] == "The tool said: done");
}

TEST_CASE("think+parallel: both") {
  Wire wire;
  const Json answer = Json::parse(wire.ask(messages, "think+parallel", false, true).body());
  REQUIRE(answer["content"].size() == 2);
  CHECK(answer["content"][0]["type"] == "thinking");
  CHECK(answer["content"][1]["name"] == "find_it");
}

TEST_CASE("cite: a source for the text, in each dialect's form") {
  Wire wire;
  CHECK(plain(wire, chat, "cite")["choices"][0]["message"]["annotations"][0]["url_citation"]["url"] ==
        "https://example.com/demo");
  const Json annotation = plain(wire, responses, "cite")["output"][0]["content"][0]["annotations"][0];
  CHECK(annotation["url"] == "https://example.com/demo");
  CHECK(annotation["end_index"] == whole_text.size());
  CHECK(plain(wire, messages, "cite")["content"][0]["citations"][0]["url"] == "https://example.com/demo");
  CHECK(plain(wire, gemini, "cite")["candidates"][0]["groundingMetadata"]["groundingChunks"][0]["web"]["uri"] ==
        "https://example.com/demo");
}

TEST_CASE("refuse: in each dialect's words") {
  Wire wire;
  const std::string words = "The demo refuses to say that.";
  const Json of_chat = plain(wire, chat, "refuse")["choices"][0];
  CHECK(of_chat["message"]["refusal"] == words);
  CHECK(of_chat["finish_reason"] == "stop");
  CHECK(plain(wire, responses, "refuse")["output"][0]["content"][0]["refusal"] == words);
  CHECK(plain(wire, messages, "refuse")["stop_reason"] == "refusal");
  CHECK(plain(wire, gemini, "refuse")["candidates"][0]["finishReason"] == "SAFETY");
  CHECK(plain(wire, ollama, "refuse")["message"]["content"] == words);
}

TEST_CASE("length: half of the text, and its finish") {
  Wire wire;
  const Json of_chat = plain(wire, chat, "length")["choices"][0];
  CHECK(of_chat["message"]["content"] == "You said: one");
  CHECK(of_chat["finish_reason"] == "length");
  CHECK(plain(wire, responses, "length")["status"] == "incomplete");
  CHECK(plain(wire, messages, "length")["stop_reason"] == "max_tokens");
  CHECK(plain(wire, gemini, "length")["candidates"][0]["finishReason"] == "MAX_TOKENS");
  CHECK(plain(wire, ollama, "length")["done_reason"] == "length");
}

TEST_CASE("takes-prefix: goes on with the assistant's words, where they begin what is to be said") {
  Wire wire;
  const auto text = [&](std::string_view prefix) {
    return Json::parse(
               wire.post("/v1/messages", R"({"model":"takes-prefix","max_tokens":99,"messages":[{"role":"user",)"
                                         R"("content":"one two"},{"role":"assistant","content":")" +
                                             std::string(prefix) + "\"}]}")
                   .body())["content"][0]["text"]
        .get<std::string>();
  };
  CHECK(text("You said:") == " one two");
  CHECK(text("You said: one t") == "wo");
  CHECK(text("Well") == "You said: one two");
}
