// The demo provider's chat completions and completions.
#include <catch2/catch.hpp>

#include "harness.h"

using namespace sluice;
using namespace sluice::test;

namespace {
const char* const weather_tool =
    R"("tools":[{"type":"function","function":{"name":"get_weather","parameters":{"type":"object","properties":)"
    R"({"city":{"type":"string"},"unit":{"type":"string","enum":["celsius","fahrenheit"]}},"required":["city"]}}}])";

std::string ask_weather(const std::string& more) {
  return std::string(R"({"model":"m","messages":[{"role":"user","content":"Use get_weather for Paris!"}],)") +
         weather_tool + more + "}";
}
}  // namespace

TEST_CASE("chat: a whole answer says what the user said, and counts words") {
  World world;
  const auto exchange = world.post(
      "/v1/chat/completions",
      R"({"model":"any/name","messages":[{"role":"system","content":"Be kind."},{"role":"user","content":[{"type":"text","text":"one  two\nthree"}]}]})");
  CHECK(exchange->responder.status == 200);
  CHECK(exchange->responder.field("content-type") == "application/json");
  CHECK(exchange->responder.length == exchange->responder.body.size());
  const Json answer = exchange->json();
  CHECK(answer["object"] == "chat.completion");
  CHECK(answer["id"].get<std::string>().starts_with("chatcmpl-"));
  CHECK(answer["created"] == 1'700'000'000);
  CHECK(answer["model"] == "any/name");
  REQUIRE(answer["choices"].size() == 1);
  CHECK(answer["choices"][0]["message"]["role"] == "assistant");
  CHECK(answer["choices"][0]["message"]["content"] == "You said: one  two\nthree");
  CHECK_FALSE(answer["choices"][0]["message"].contains("tool_calls"));
  CHECK(answer["choices"][0]["finish_reason"] == "stop");
  CHECK(answer["usage"]["prompt_tokens"] == 5);
  CHECK(answer["usage"]["completion_tokens"] == 5);
  CHECK(answer["usage"]["total_tokens"] == 10);
}

TEST_CASE("chat: a stream is role, words, finish reason, usage only if asked for, [DONE]") {
  World world;
  const bool usage = GENERATE(false, true);
  const auto exchange =
      world.post("/v1/chat/completions",
                 std::string(R"({"model":"m","stream":true,"messages":[{"role":"user","content":"a \"b\" ü"}])") +
                     (usage ? R"(,"stream_options":{"include_usage":true}})" : "}"));
  CHECK(exchange->responder.field("content-type") == "text/event-stream");
  CHECK(exchange->responder.length == http::Responder::Length::unknown);
  const std::vector<Frame> frames = sse_frames(exchange->responder.body);
  REQUIRE(frames.size() == 1 + 5 + 1 + (usage ? 1 : 0) + 1);
  CHECK(frames[0].json()["choices"][0]["delta"]["role"] == "assistant");
  CHECK(frames[0].json()["choices"][0]["delta"]["content"] == "");
  std::string text;
  for (size_t i = 1; i <= 5; ++i) {
    const Json chunk = frames[i].json();
    CHECK(chunk["object"] == "chat.completion.chunk");
    CHECK(chunk["id"] == frames[0].json()["id"]);
    CHECK(chunk["choices"][0]["finish_reason"].is_null());
    CHECK(chunk.contains("usage") == usage);
    text += chunk["choices"][0]["delta"]["content"].get<std::string>();
  }
  CHECK(text == "You said: a \"b\" ü");
  CHECK(frames[6].json()["choices"][0]["delta"] == Json::object());
  CHECK(frames[6].json()["choices"][0]["finish_reason"] == "stop");
  if (usage) {
    CHECK(frames[7].json()["choices"] == Json::array());
    CHECK(frames[7].json()["usage"]["prompt_tokens"] == 3);
    CHECK(frames[7].json()["usage"]["completion_tokens"] == 5);
  }
  CHECK(frames.back().data == "[DONE]");
}

TEST_CASE("chat: the tools that the user names are called, as the tool choice allows") {
  struct Case {
    const char* more;
    bool calls;
  };
  const Case c = GENERATE(values<Case>({
      {"", true},
      {R"(,"tool_choice":"auto")", true},
      {R"(,"tool_choice":"none")", false},
      {R"(,"tool_choice":{"type":"function","function":{"name":"get_weather"}})", true},
  }));
  World world;
  const Json choice = world.post("/v1/chat/completions", ask_weather(c.more))->json()["choices"][0];
  CHECK(choice["finish_reason"] == (c.calls ? "tool_calls" : "stop"));
  REQUIRE(choice["message"].contains("tool_calls") == c.calls);
  if (!c.calls) return;
  CHECK(choice["message"]["content"].is_null());
  const Json call = choice["message"]["tool_calls"][0];
  CHECK(call["type"] == "function");
  CHECK(call["function"]["name"] == "get_weather");
  CHECK(Json::parse(call["function"]["arguments"].get<std::string>()) == Json{{"city", "Paris"}});
}

TEST_CASE("chat: several tools are called in one answer, and a stream brings the arguments in pieces") {
  World world;
  const auto exchange = world.post(
      "/v1/chat/completions",
      R"({"model":"m","stream":true,"messages":[{"role":"user","content":"first add, then subtract numbers"}],"tools":[
          {"type":"function","function":{"name":"add","parameters":{"type":"object","properties":{"left":{"type":"integer"},"right":{"type":"number","minimum":2.5}}}}},
          {"type":"function","function":{"name":"multiply"}},
          {"type":"function","function":{"name":"subtract"}}]})");
  const std::vector<Frame> frames = sse_frames(exchange->responder.body);
  CHECK(frames[0].json()["choices"][0]["delta"]["content"] == "");
  std::vector<std::string> names, arguments;
  size_t argument_frames = 0;
  for (size_t i = 1; i + 2 < frames.size(); ++i) {
    const Json call = frames[i].json()["choices"][0]["delta"]["tool_calls"][0];
    const size_t index = call["index"].get<size_t>();
    if (call.contains("id")) {
      REQUIRE(index == names.size());
      names.push_back(call["function"]["name"]);
      arguments.emplace_back();
    } else {
      ++argument_frames;
    }
    REQUIRE(index + 1 == names.size());
    arguments[index] += call["function"]["arguments"].get<std::string>();
  }
  CHECK(names == std::vector<std::string>{"add", "subtract"});
  CHECK(Json::parse(arguments[0]) == Json{{"left", 1}, {"right", 2.5}});
  CHECK(arguments[1] == "{}");
  CHECK(argument_frames > 2);
  CHECK(frames[frames.size() - 2].json()["choices"][0]["finish_reason"] == "tool_calls");
}

TEST_CASE("chat: after a tool's result the text says it and nothing is called again") {
  World world;
  const std::string body =
      std::string(
          R"({"model":"m","messages":[{"role":"user","content":"get_weather in Paris"},{"role":"assistant","content":"",)") +
      R"("tool_calls":[{"id":"c1","type":"function","function":{"name":"get_weather","arguments":"{}"}}]},)" +
      R"({"role":"tool","tool_call_id":"c1","content":"sunny"}],)" + weather_tool + "}";
  const Json choice = world.post("/v1/chat/completions", body)->json()["choices"][0];
  CHECK(choice["message"]["content"] == "The tool said: sunny");
  CHECK(choice["finish_reason"] == "stop");
}

TEST_CASE("chat: a JSON schema is answered with a sample of it, max tokens with a cut") {
  World world;
  const Json sampled =
      world
          .post(
              "/v1/chat/completions",
              R"({"model":"m","messages":[{"role":"user","content":"my name is Ada."}],"response_format":{"type":"json_schema",
          "json_schema":{"name":"n","schema":{"type":"object","properties":{"name":{"type":"string"},"old":{"type":"boolean"}},"required":["name","old"]}}}})")
          ->json();
  CHECK(Json::parse(sampled["choices"][0]["message"]["content"].get<std::string>()) ==
        Json{{"name", "Ada"}, {"old", true}});

  struct Case {
    int limit;
    const char* text;
    const char* finish;
  };
  const Case c = GENERATE(
      values<Case>({{3, "You said: a", "length"}, {4, "You said: a b", "stop"}, {5, "You said: a b", "stop"}}));
  const Json cut =
      world
          .post("/v1/chat/completions", R"({"model":"m","messages":[{"role":"user","content":"a b"}],"max_tokens":)" +
                                            std::to_string(c.limit) + "}")
          ->json();
  CHECK(cut["choices"][0]["message"]["content"] == c.text);
  CHECK(cut["choices"][0]["finish_reason"] == c.finish);
}

TEST_CASE("completions: whole and streamed") {
  World world;
  const Json whole = world.post("/v1/completions", R"({"model":"m","prompt":"once upon"})")->json();
  CHECK(whole["object"] == "text_completion");
  CHECK(whole["choices"][0]["text"] == "You said: once upon");
  CHECK(whole["usage"]["prompt_tokens"] == 2);
  const auto exchange = world.post("/v1/completions", R"({"model":"m","prompt":["once upon"],"stream":true})");
  const std::vector<Frame> frames = sse_frames(exchange->responder.body);
  REQUIRE(frames.size() == 4 + 1 + 1);
  CHECK(frames[3].json()["choices"][0]["text"] == " upon");
  CHECK(frames[4].json()["choices"][0]["finish_reason"] == "stop");
  CHECK(frames[5].data == "[DONE]");
}
