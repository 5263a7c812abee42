// Exchanges whose target speaks another dialect than their caller: every pair, streaming or not, whole, cut and
// refused.
#include <catch2/catch.hpp>

#include "api/dialect.h"
#include "world.h"

namespace sluice::gateway {
namespace {

// How a caller of a dialect asks, and how a target answers "Hi you".
struct Dialogue {
  Dialect dialect;
  std::string_view path, stream_path;
  std::string_view body, stream_body;  // what a caller sends
  std::string_view answer;             // what a target answers, not streamed
  std::string_view stream_type;
  std::vector<std::string_view> frames;  // the same answer streamed: the first has "Hi", a later one " you"
  std::string_view refusal;              // a 429's body, which says "slow down"
  std::string_view asked_in;             // the path at which such a target is asked for a plain answer
  std::string_view success;              // appears only at the end of a complete stream
};

const std::vector<Dialogue>& dialogues() {
  static const std::vector<Dialogue> all = {
      {Dialect::openai,
       "/v1/chat/completions",
       "/v1/chat/completions",
       R"({"model":"fast","messages":[{"role":"user","content":"Say hi"}]})",
       R"({"model":"fast","stream":true,"messages":[{"role":"user","content":"Say hi"}]})",
       R"({"id":"c1","object":"chat.completion","created":1,"model":"real-1","choices":[{"index":0,"message":{"role":"assistant","content":"Hi you"},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":7,"total_tokens":12}})",
       "text/event-stream",
       {"data: "
        "{\"id\":\"c1\",\"model\":\"real-1\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":"
        "\"Hi\"}}]}\n\n",
        "data: {\"id\":\"c1\",\"model\":\"real-1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" you\"}}]}\n\n",
        "data: "
        "{\"id\":\"c1\",\"model\":\"real-1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
        "data: "
        "{\"id\":\"c1\",\"model\":\"real-1\",\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":7,"
        "\"total_tokens\":12}}\n\n",
        "data: [DONE]\n\n"},
       R"({"error":{"message":"slow down","type":"rate_limit","code":"rate_limit_exceeded"}})",
       "/chat/completions",
       "data: [DONE]"},
      {Dialect::responses,
       "/v1/responses",
       "/v1/responses",
       R"({"model":"fast","input":"Say hi"})",
       R"({"model":"fast","stream":true,"input":"Say hi"})",
       R"({"id":"resp_1","object":"response","created_at":1,"status":"completed","model":"real-1","output":[{"type":"message","id":"msg_1","status":"completed","role":"assistant","content":[{"type":"output_text","text":"Hi you","annotations":[]}]}],"usage":{"input_tokens":5,"output_tokens":7,"total_tokens":12}})",
       "text/event-stream",
       {"event: response.created\ndata: "
        "{\"type\":\"response.created\",\"sequence_number\":0,\"response\":{\"id\":\"resp_1\",\"status\":\"in_"
        "progress\",\"model\":\"real-1\",\"output\":[]}}\n\n"
        "event: response.output_item.added\ndata: "
        "{\"type\":\"response.output_item.added\",\"sequence_number\":1,\"output_index\":0,\"item\":{\"type\":"
        "\"message\",\"id\":\"msg_1\",\"status\":\"in_progress\",\"role\":\"assistant\",\"content\":[]}}\n\n"
        "event: response.content_part.added\ndata: "
        "{\"type\":\"response.content_part.added\",\"sequence_number\":2,\"item_id\":\"msg_1\",\"output_index\":0,"
        "\"content_index\":0,\"part\":{\"type\":\"output_text\",\"text\":\"\",\"annotations\":[]}}\n\n"
        "event: response.output_text.delta\ndata: "
        "{\"type\":\"response.output_text.delta\",\"sequence_number\":3,\"item_id\":\"msg_1\",\"output_index\":0,"
        "\"content_index\":0,\"delta\":\"Hi\"}\n\n",
        "event: response.output_text.delta\ndata: "
        "{\"type\":\"response.output_text.delta\",\"sequence_number\":4,\"item_id\":\"msg_1\",\"output_index\":0,"
        "\"content_index\":0,\"delta\":\" you\"}\n\n",
        "event: response.completed\ndata: "
        "{\"type\":\"response.completed\",\"sequence_number\":5,\"response\":{\"id\":\"resp_1\",\"status\":"
        "\"completed\",\"model\":\"real-1\",\"output\":[{\"type\":\"message\",\"id\":\"msg_1\",\"status\":"
        "\"completed\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"Hi "
        "you\",\"annotations\":[]}]}],\"usage\":{\"input_tokens\":5,\"output_tokens\":7,\"total_tokens\":12}}}\n\n"},
       R"({"error":{"message":"slow down","type":"rate_limit","code":"rate_limit_exceeded"}})",
       "/responses",
       "response.completed"},
      {Dialect::anthropic,
       "/v1/messages",
       "/v1/messages",
       R"({"model":"fast","max_tokens":100,"messages":[{"role":"user","content":"Say hi"}]})",
       R"({"model":"fast","max_tokens":100,"stream":true,"messages":[{"role":"user","content":"Say hi"}]})",
       R"({"id":"msg_1","type":"message","role":"assistant","model":"real-1","content":[{"type":"text","text":"Hi you"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":5,"output_tokens":7}})",
       "text/event-stream",
       {"event: message_start\ndata: "
        "{\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\","
        "\"model\":\"real-1\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":5,"
        "\"output_tokens\":1}}}\n\n"
        "event: content_block_start\ndata: "
        "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n"
        "event: content_block_delta\ndata: "
        "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hi\"}}\n\n",
        "event: content_block_delta\ndata: "
        "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\" you\"}}\n\n",
        "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n"
        "event: message_delta\ndata: "
        "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{"
        "\"output_tokens\":7}}\n\n"
        "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"},
       R"({"type":"error","error":{"type":"rate_limit_error","message":"slow down"}})",
       "/v1/messages",
       "message_stop"},
      {Dialect::gemini,
       "/v1beta/models/fast:generateContent",
       "/v1beta/models/fast:streamGenerateContent?alt=sse",
       R"({"contents":[{"role":"user","parts":[{"text":"Say hi"}]}]})",
       R"({"contents":[{"role":"user","parts":[{"text":"Say hi"}]}]})",
       R"({"candidates":[{"content":{"role":"model","parts":[{"text":"Hi you"}]},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":7,"totalTokenCount":12},"modelVersion":"real-1"})",
       "text/event-stream",
       {"data: "
        "{\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"Hi\"}]},\"index\":0}],"
        "\"modelVersion\":\"real-1\"}\r\n\r\n",
        "data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\" "
        "you\"}]},\"index\":0}],\"modelVersion\":\"real-1\"}\r\n\r\n",
        "data: "
        "{\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"\"}]},\"finishReason\":\"STOP\","
        "\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":5,\"candidatesTokenCount\":7,\"totalTokenCount\":12},"
        "\"modelVersion\":\"real-1\"}\r\n\r\n"},
       R"({"error":{"code":429,"message":"slow down","status":"RESOURCE_EXHAUSTED"}})",
       ":generateContent",
       "\"finishReason\":\"STOP\""},
      {Dialect::ollama,
       "/api/chat",
       "/api/chat",
       R"({"model":"fast","stream":false,"messages":[{"role":"user","content":"Say hi"}]})",
       R"({"model":"fast","messages":[{"role":"user","content":"Say hi"}]})",
       R"({"model":"real-1","created_at":"2026-01-01T00:00:00Z","message":{"role":"assistant","content":"Hi you"},"done":true,"done_reason":"stop","prompt_eval_count":5,"eval_count":7})",
       "application/x-ndjson",
       {"{\"model\":\"real-1\",\"created_at\":\"2026-01-01T00:00:00Z\",\"message\":{\"role\":\"assistant\",\"content\":"
        "\"Hi\"},\"done\":false}\n",
        "{\"model\":\"real-1\",\"created_at\":\"2026-01-01T00:00:00Z\",\"message\":{\"role\":\"assistant\",\"content\":"
        "\" you\"},\"done\":false}\n",
        "{\"model\":\"real-1\",\"created_at\":\"2026-01-01T00:00:00Z\",\"message\":{\"role\":\"assistant\",\"content\":"
        "\"\"},\"done\":true,\"done_reason\":\"stop\",\"prompt_eval_count\":5,\"eval_count\":7}\n"},
       R"({"error":"slow down"})",
       "/api/chat",
       "\"done\":true"}};
  return all;
}

// A provider "lab" that speaks one dialect only.
config::Config config_of(Dialect dialect) {
  config::Config config = World::plain_config();
  config.providers.front().dialects = {dialect};
  return config;
}

std::string chunked(std::string_view bytes) {
  char line[20];
  std::snprintf(line, sizeof line, "%zx\r\n", bytes.size());
  return line + std::string(bytes) + "\r\n";
}

std::string stream_head(const Dialogue& target, std::string_view more = "") {
  return "HTTP/1.1 200 OK\r\ncontent-type: " + std::string(target.stream_type) + "\r\ntransfer-encoding: chunked\r\n" +
         std::string(more) + "\r\n";
}

// The payload of a caller's whole chunked body.
std::string body_of(const std::string& text) {
  std::string body;
  size_t at = text.find("\r\n\r\n");
  if (text.find("transfer-encoding: chunked") == std::string::npos) return text.substr(at + 4);
  at += 4;
  while (at < text.size()) {
    const size_t bytes = std::stoul(text.substr(at), nullptr, 16);
    at = text.find("\r\n", at) + 2;
    if (bytes == 0) break;
    body += text.substr(at, bytes);
    at += bytes + 2;
  }
  return body;
}

// Each pair of different dialects that can be translated.
template <typename Test>
void for_each_pair(Test test) {
  for (const Dialogue& caller : dialogues()) {
    for (const Dialogue& target : dialogues()) {
      if (caller.dialect == target.dialect) continue;
      if (!api::room_of(caller.dialect).translation.reads() || !api::room_of(target.dialect).translation.writes()) {
        WARN("skipped: " << name_of(caller.dialect) << " to " << name_of(target.dialect) << " is not there");
        continue;
      }
      INFO(name_of(caller.dialect) << " to " << name_of(target.dialect));
      test(caller, target);
    }
  }
}

TEST_CASE("a plain answer crosses every pair of dialects") {
  for_each_pair([](const Dialogue& caller, const Dialogue& target) {
    World world(config_of(target.dialect));
    world.say(post(caller.path, caller.body, "Authorization: Bearer caller-secret\r\nX-Custom: stays\r\n"));
    REQUIRE(world.targets.size() == 1);
    INFO(world.target().text);
    CHECK(world.target().has(target.asked_in));
    CHECK(world.target().has("Say hi"));
    CHECK(world.target().has("provider-secret"));
    CHECK_FALSE(world.target().has("caller-secret"));
    CHECK_FALSE(world.target().has("stays"));
    world.target_says(ok_json(target.answer));
    INFO(world.caller->text);
    CHECK(world.caller->has("HTTP/1.1 200 OK\r\n"));
    CHECK(world.caller->has("content-type: application/json\r\n"));
    CHECK(world.caller->has("sluice-target: lab/real-model\r\nsluice-attempts: 1\r\n"));
    CHECK(world.caller->has("Hi you"));
    CHECK(world.caller->has("real-1"));
    const std::string record = world.records();
    for (const char* part :
         {"outcome=ok", "status=200", "input_tokens=5", "output_tokens=7", "answered_model=real-1"}) {
      INFO(record);
      CHECK(record.find(part) != std::string::npos);
    }
    CHECK(world.cells().active_exchanges.get() == 0);
  });
}

TEST_CASE("a stream crosses every pair of dialects as it comes, and ends as the caller's dialect ends it") {
  for_each_pair([](const Dialogue& caller, const Dialogue& target) {
    World world(config_of(target.dialect));
    world.say(post(caller.stream_path, caller.stream_body));
    REQUIRE(world.targets.size() == 1);
    world.target_says(stream_head(target) + chunked(target.frames.front()));
    CHECK(world.caller->has("\"Hi\""));  // immediately
    CHECK(world.cells().active_streams.get() == 1);
    std::string rest;
    for (size_t i = 1; i < target.frames.size(); ++i) rest += chunked(target.frames[i]);
    world.target_says(rest + "0\r\n\r\n");
    INFO(world.caller->text);
    CHECK(world.caller->has(std::string("content-type: ") + std::string(caller.stream_type)));
    CHECK(world.caller->has("\" you\""));
    CHECK(body_of(world.caller->text).find(caller.success) != std::string::npos);
    CHECK(world.caller->text.ends_with("0\r\n\r\n"));
    CHECK(world.cells().active_streams.get() == 0);
    const std::string record = world.records();
    INFO(record);
    CHECK(record.find("outcome=ok") != std::string::npos);
    CHECK(record.find("output_tokens=7") != std::string::npos);
  });
}

TEST_CASE("a stream that is cut before its finish is an error in the caller's dialect, whatever the pair") {
  for_each_pair([](const Dialogue& caller, const Dialogue& target) {
    for (const bool by_framing : {false, true}) {
      World world(config_of(target.dialect));
      world.say(post(caller.stream_path, caller.stream_body));
      REQUIRE(world.targets.size() == 1);
      world.target_says(stream_head(target) + chunked(target.frames.front()));
      CHECK(world.caller->has("\"Hi\""));
      if (by_framing) {
        world.target_says("0\r\n\r\n");
      } else {
        world.target().stream.reset();
        world.turn();
      }
      INFO(world.caller->text);
      CHECK(world.caller->has("error"));
      CHECK_FALSE(world.caller->has(caller.success));
      CHECK_FALSE(world.caller->text.ends_with("0\r\n\r\n"));
      const std::string record = world.records();
      INFO(record);
      CHECK(record.find("outcome=ok") == std::string::npos);
    }
  });
}

TEST_CASE("a plain answer that is cut, or none of its dialect, is never a 200") {
  for_each_pair([](const Dialogue& caller, const Dialogue& target) {
    const std::string half(target.answer.substr(0, target.answer.size() / 2));
    const std::string answers[] = {
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9999\r\n\r\n" + half,
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n" + half, ok_json(half), ok_json("[]"),
        ok_json("{}")};
    for (const std::string& answer : answers) {
      INFO(answer);
      World world(config_of(target.dialect));
      world.say(post(caller.path, caller.body));
      REQUIRE(world.targets.size() == 1);
      world.target_says(answer);
      world.target().stream.reset();
      world.turn();
      INFO(world.caller->text);
      CHECK(world.caller->has("HTTP/1.1 502 Bad Gateway"));
      CHECK(world.caller->has("error"));
    }
  });
}

TEST_CASE("a target's refusal keeps its status, its words and its Retry-After in every pair") {
  for_each_pair([](const Dialogue& caller, const Dialogue& target) {
    World world(config_of(target.dialect));
    world.say(post(caller.path, caller.body));
    REQUIRE(world.targets.size() == 1);
    world.target_says(
        "HTTP/1.1 429 Too Many Requests\r\ncontent-type: application/json\r\nretry-after: 7\r\nx-theirs: "
        "a\r\ncontent-length: " +
        std::to_string(target.refusal.size()) + "\r\n\r\n" + std::string(target.refusal));
    INFO(world.caller->text);
    CHECK(world.caller->has("HTTP/1.1 429 Too Many Requests"));
    CHECK(world.caller->has("retry-after: 7\r\n"));
    CHECK(world.caller->has("slow down"));
    CHECK_FALSE(world.caller->has("x-theirs"));
    CHECK(world.records().find("outcome=target_rate_limited") != std::string::npos);
  });
}

TEST_CASE("strict translation refuses what would be lost, and nothing else") {
  config::Config config = config_of(Dialect::anthropic);
  config.models.front().strict_translation = true;
  World world(config);
  world.say(
      post("/v1/chat/completions", R"({"model":"fast","seed":7,"messages":[{"role":"user","content":"Say hi"}]})"));
  CHECK(world.targets.empty());
  CHECK(world.caller->has("HTTP/1.1 400 Bad Request"));
  CHECK(world.caller->has("cannot take the full request: "));
  CHECK(world.caller->has("seed=unsupported"));
  world.say(post("/v1/chat/completions", R"({"model":"fast","messages":[{"role":"user","content":"Say hi"}]})"));
  CHECK(world.targets.size() == 1);  // adding the limit that the target requires loses nothing
}

TEST_CASE("what is dropped is named in the answer and in the record") {
  World world(config_of(Dialect::anthropic));
  world.say(post("/v1/chat/completions",
                 R"({"model":"fast","max_tokens":9,"seed":7,"messages":[{"role":"user","content":"Say hi"}]})"));
  REQUIRE(world.targets.size() == 1);
  world.target_says(ok_json(dialogues()[2].answer));
  CHECK(world.caller->has("sluice-dropped: seed=unsupported\r\n"));
  CHECK(world.records().find("dropped=\"seed=unsupported\"") != std::string::npos);
}

TEST_CASE("what cannot be translated is refused before anybody is asked") {
  World world(config_of(Dialect::anthropic));
  world.say(post("/v1/moderations", R"({"model":"fast","input":"a"})"));
  CHECK(world.targets.empty());
  CHECK(world.caller->has("HTTP/1.1 400 Bad Request"));
  CHECK(world.caller->has("has no equivalent in anthropic"));
}

}  // namespace
}  // namespace sluice::gateway
