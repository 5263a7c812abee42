// A target answers 200 with no content: callers of its own dialect got it as a success, and no other target was tried.
#include <catch2/catch.hpp>

#include "gateway/world.h"

namespace sluice::gateway {
namespace {

struct Form {
  Dialect dialect;
  std::string path, stream_path, body, answer;
};
const std::vector<Form> forms = {
    {Dialect::openai, "/v1/chat/completions", "/v1/chat/completions", R"("messages":[{"role":"user","content":"hi"}])",
     R"({"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hi you"},"finish_reason":"stop"}]})"},
    {Dialect::anthropic, "/v1/messages", "/v1/messages",
     R"("max_tokens":9,"messages":[{"role":"user","content":"hi"}])",
     R"({"id":"m","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"Hi you"}],"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":2}})"},
    {Dialect::gemini, "/v1beta/models/fast:generateContent", "/v1beta/models/fast:streamGenerateContent?alt=sse",
     R"("contents":[{"role":"user","parts":[{"text":"hi"}]}])",
     R"({"candidates":[{"content":{"role":"model","parts":[{"text":"Hi you"}]},"finishReason":"STOP"}]})"},
    {Dialect::responses, "/v1/responses", "/v1/responses", R"("input":"hi")",
     R"({"id":"resp_1","object":"response","created_at":7,"status":"completed","model":"m","output":[{"id":"msg_1","type":"message","role":"assistant","status":"completed","content":[{"type":"output_text","text":"Hi you","annotations":[]}]}]})"},
    {Dialect::ollama, "/api/chat", "/api/chat", R"("messages":[{"role":"user","content":"hi"}])",
     R"({"model":"m","created_at":"2026-01-01T00:00:00Z","message":{"role":"assistant","content":"Hi you"},"done":true,"done_reason":"stop"})"}};

config::Config two_targets(Dialect dialect) {
  config::Config config = World::plain_config();
  config.providers[0].name = "a";
  config.providers[0].dialects = {dialect};
  config.providers.push_back(config.providers[0]);
  config.providers[1].name = "b";
  config.models = {{"fast", {{"a", "m"}, {"b", "m"}}}};
  config.models[0].order = config::Order::listed;
  config.models[0].retry.attempts = 2;
  config.models[0].retry.backoff_ms = 0;
  return config;
}

void ask(World& world, const Form& form, bool stream) {
  const std::string model =
      form.dialect == Dialect::gemini ? "" : R"("model":"fast","stream":)" + std::string(stream ? "true," : "false,");
  world.say(post(stream ? form.stream_path : form.path, "{" + model + form.body + "}"));
}
std::string answer_of(std::string_view type, std::string_view body, std::string_view status = "200 OK") {
  return "HTTP/1.1 " + std::string(status) + "\r\nconnection: close\r\n" +
         (type.empty() ? "" : "content-type: " + std::string(type) + "\r\n") +
         "content-length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

TEST_CASE("nothing is no answer of a model, whatever its status: another target is asked, or it is an error") {
  const std::string json_type = "application/json";
  for (const Form& form : forms) {
    const std::vector<std::string> answers = {answer_of(json_type, ""), answer_of("text/event-stream", ""),
                                              answer_of("", "", "202 Accepted"),
                                              "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n"};
    for (const std::string& answer : answers) {
      for (const bool stream : {false, true}) {
        for (const bool other_answers : {true, false}) {
          INFO(name_of(form.dialect) << (stream ? " stream " : " plain ") << answer);
          World world(two_targets(form.dialect));
          ask(world, form, stream);
          world.target_says(answer);
          REQUIRE(world.until([&] { return world.targets.size() == 2 || world.caller->has("HTTP/1.1"); }));
          world.turn();
          REQUIRE(world.targets.size() == 2);
          world.target_says(other_answers ? answer_of(json_type, form.answer) : answer);
          REQUIRE(world.until([&] { return world.caller->has("\r\n\r\n"); }));
          world.turn();
          INFO(world.caller->text);
          if (other_answers) {
            CHECK(world.caller->has("HTTP/1.1 200"));
            CHECK(world.caller->has("Hi you"));
          } else {
            CHECK(world.caller->has("HTTP/1.1 502"));
            CHECK(world.caller->has("\"error\""));
          }
        }
      }
    }
  }
}

TEST_CASE("what is no answer of the dialect goes on to the next target, or is an error") {
  const std::string json = "application/json", events = "text/event-stream";
  for (const Form& form : forms) {
    std::vector<std::string> cases = {
        answer_of(json, "{}"),
        answer_of(json, R"({"detail":"no"})"),
        answer_of(json, "<html>log in</html>"),
        answer_of("text/plain", form.answer.substr(0, form.answer.size() / 2)),
        answer_of(json, R"({"status":"queued"})", "202 Accepted"),
        "HTTP/1.1 304 Not Modified\r\nconnection: close\r\n\r\n",
        answer_of(events, "data: {}\n\n"),
        answer_of(events, "data: [DONE]\n\n"),
    };
    cases.push_back(answer_of(events, "data: " + form.answer + "\n\n"));
    for (const std::string& one : cases) {
      for (const bool stream : {false, true}) {
        if (stream && one == cases.back()) continue;  // that is one
        for (const bool other_answers : {true, false}) {
          INFO(name_of(form.dialect) << (stream ? " stream " : " plain ") << one);
          config::Config config = two_targets(form.dialect);
          config.heartbeat_ms = 0;
          World world(std::move(config));
          ask(world, form, stream);
          world.target_says(one);
          REQUIRE(world.until([&] { return world.targets.size() == 2 || world.caller->has("HTTP/1.1"); }));
          world.turn();
          REQUIRE(world.targets.size() == 2);
          world.target_says(other_answers ? answer_of(json, form.answer) : one);
          REQUIRE(world.until([&] { return world.caller->has("\r\n\r\n"); }));
          world.turn();
          INFO(world.caller->text);
          if (other_answers) {
            CHECK(world.caller->has("Hi you"));
          } else {
            CHECK(world.caller->has("HTTP/1.1 502"));
            CHECK(world.caller->has("\"error\""));
          }
        }
      }
    }
  }
}

TEST_CASE("an error in a last line without an end is seen") {
  for (const bool other : {true, false}) {
    config::Config config = other ? two_targets(Dialect::ollama) : World::plain_config();
    World world(std::move(config));
    ask(world, forms.back(), true);
    world.target_says(answer_of("application/x-ndjson", R"({"error":"no"})"));
    if (other) {
      REQUIRE(world.until([&] { return world.targets.size() == 2; }));
      continue;
    }
    REQUIRE(world.until([&] { return world.caller->has("\r\n\r\n"); }));
    world.turn();
    CHECK(world.caller->has(R"({"error":"no"})"));
    CHECK(world.records().find("outcome=target_error") != std::string::npos);
  }
}

TEST_CASE("what the only target says passes as it came") {
  for (const std::string& answer :
       {answer_of("application/json", ""), answer_of("application/json", R"({"echo":1})"),
        answer_of("text/plain", "hi"), std::string("HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")}) {
    World world;
    ask(world, forms.front(), false);
    world.target_says(answer);
    world.turn();
    INFO(answer);
    CHECK(world.caller->has(answer.substr(0, 12)));
    CHECK_FALSE(world.caller->has("\"error\""));
  }
}

}  // namespace
}  // namespace sluice::gateway
