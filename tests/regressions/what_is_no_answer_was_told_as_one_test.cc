// A target that answers 200 with something else than an answer: callers of its own dialect got it as a success, and no
// other target was asked.
#include <catch2/catch.hpp>

#include "gateway/world.h"

namespace sluice::gateway {
namespace {

struct Form {
  Dialect dialect;
  std::string path, stream_path, body, answer, stream_type, stream;
};
const std::vector<Form> forms = {
    {Dialect::openai, "/v1/chat/completions", "/v1/chat/completions", R"("messages":[{"role":"user","content":"hi"}])",
     R"({"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hi you"},"finish_reason":"stop"}]})",
     "text/event-stream",
     "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"Hi you\"}}]}\n\n"
     "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"},
    {Dialect::anthropic, "/v1/messages", "/v1/messages",
     R"("max_tokens":9,"messages":[{"role":"user","content":"hi"}])",
     R"({"id":"m","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"Hi you"}],"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":2}})",
     "text/event-stream",
     "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"type\":\"message\",\"role\":"
     "\"assistant\",\"model\":\"m\",\"content\":[],\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}}\n\n"
     "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":"
     "\"text\",\"text\":\"\"}}\n\nevent: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
     "\"delta\":{\"type\":\"text_delta\",\"text\":\"Hi you\"}}\n\nevent: content_block_stop\ndata: {\"type\":"
     "\"content_block_stop\",\"index\":0}\n\nevent: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":"
     "{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":2}}\n\nevent: message_stop\ndata: {\"type\":"
     "\"message_stop\"}\n\n"},
    {Dialect::gemini, "/v1beta/models/fast:generateContent", "/v1beta/models/fast:streamGenerateContent?alt=sse",
     R"("contents":[{"role":"user","parts":[{"text":"hi"}]}])",
     R"({"candidates":[{"content":{"role":"model","parts":[{"text":"Hi you"}]},"finishReason":"STOP"}]})",
     "text/event-stream",
     "data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"Hi you\"}]},\"finishReason\":"
     "\"STOP\"}]}\n\n"},
    {Dialect::responses, "/v1/responses", "/v1/responses", R"("input":"hi")",
     R"({"id":"resp_1","object":"response","created_at":7,"status":"completed","model":"m","output":[{"id":"msg_1","type":"message","role":"assistant","status":"completed","content":[{"type":"output_text","text":"Hi you","annotations":[]}]}]})",
     "", ""},
    {Dialect::ollama, "/api/chat", "/api/chat", R"("messages":[{"role":"user","content":"hi"}])",
     R"({"model":"m","created_at":"2026-01-01T00:00:00Z","message":{"role":"assistant","content":"Hi you"},"done":true,"done_reason":"stop"})",
     "application/x-ndjson",
     "{\"model\":\"m\",\"created_at\":\"2026-01-01T00:00:00Z\",\"message\":{\"role\":\"assistant\",\"content\":\"Hi "
     "you\"},\"done\":false}\n{\"model\":\"m\",\"created_at\":\"2026-01-01T00:00:00Z\",\"message\":{\"role\":"
     "\"assistant\",\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\"}\n"}};

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

TEST_CASE("what is no answer of a model is none, whatever its status: another target is asked, or it is an error") {
  const std::string json = "application/json";
  for (const Form& form : forms) {
    const std::vector<std::string> answers = {
        answer_of(json, ""),
        answer_of(json, "{}"),
        answer_of(json, "null"),
        answer_of(json, "[]"),
        answer_of(json, "\"hi\""),
        answer_of(json, R"({"detail":"not here"})"),
        answer_of(json, R"({"object":"error","message":"broken","code":50001})"),
        answer_of(json, "<html>log in</html>"),
        answer_of(json, R"({"status":"queued"})", "202 Accepted"),
        answer_of("text/plain", "upstream is busy"),
        answer_of("", form.answer.substr(0, form.answer.size() / 2)),
        "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\nconnection: close\r\n\r\n",
    };
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
          world.target_says(other_answers ? answer_of(json, form.answer) : answer);
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

TEST_CASE("one body in place of a stream is told as a stream, and a stream in place of a body as a body") {
  for (const Form& form : forms) {
    INFO(name_of(form.dialect));
    World body(two_targets(form.dialect));
    ask(body, form, true);
    body.target_says(answer_of("application/json", form.answer));
    body.turn();
    INFO(body.caller->text);
    CHECK(body.caller->has("HTTP/1.1 200"));
    CHECK(body.caller->has("Hi you"));
    if (form.dialect != Dialect::ollama) CHECK(body.caller->has("content-type: text/event-stream"));
    CHECK(body.records().find("outcome=ok") != std::string::npos);
    if (form.stream.empty()) continue;
    World stream(two_targets(form.dialect));
    ask(stream, form, false);
    stream.target_says(answer_of(form.stream_type, form.stream));
    stream.turn();
    INFO(stream.caller->text);
    CHECK(stream.caller->has("HTTP/1.1 200"));
    CHECK(stream.caller->has("content-type: application/json"));
    CHECK(stream.caller->has("Hi you"));
    CHECK_FALSE(stream.caller->has("data:"));
    CHECK(stream.records().find("outcome=ok") != std::string::npos);
  }
}

TEST_CASE("an answer whose type says nothing of it is known all the same, and so is where it is cut") {
  const Form& form = forms.front();
  World whole(two_targets(form.dialect));
  ask(whole, form, true);
  whole.target_says(answer_of("application/octet-stream", form.stream));
  CHECK(whole.caller->has("Hi you"));
  CHECK(whole.caller->has("[DONE]"));
  CHECK(whole.records().find("outcome=ok") != std::string::npos);
  World cut(two_targets(form.dialect));
  ask(cut, form, true);
  cut.target_says("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n" + form.stream.substr(0, form.stream.find("\n\n") + 2));
  CHECK(cut.caller->has("Hi you"));
  cut.target().stream.reset();
  CHECK(cut.until([&] { return cut.targets.size() == 2; }));
}

}  // namespace
}  // namespace sluice::gateway
