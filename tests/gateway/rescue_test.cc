// Streams that break off midway and are continued by another target.
#include <catch2/catch.hpp>

#include "api/json_value.h"
#include "world.h"

namespace sluice::gateway {
namespace {

const std::string streamed = R"({"model":"fast","stream":true,"messages":[{"role":"user","content":"count"}]})";
const std::string sse_head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
const std::string stop =
    "data: {\"id\":\"c2\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],"
    "\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}\n\ndata: [DONE]\n\n";

std::string chunk(std::string_view bytes) {
  char line[20];
  std::snprintf(line, sizeof line, "%zx\r\n", bytes.size());
  return line + std::string(bytes) + "\r\n";
}
std::string word(std::string_view text, std::string_view id = "c1") {
  return chunk("data: {\"id\":\"" + std::string(id) + "\",\"object\":\"chat.completion.chunk\",\"model\":\"m-1\"," +
               R"("choices":[{"index":0,"delta":{"content":")" + std::string(text) + "\"}}]}\n\n");
}
config::Config two_targets(Dialect second = Dialect::openai, bool continues = false) {
  config::Config config = World::plain_config();
  config.providers[0].name = "a";
  config.providers.push_back(config.providers[0]);
  config.providers[1].name = "b";
  config.providers[1].dialects = {second};
  config.providers[1].continues_prefix = continues;
  config.models = {{"fast", {{"a", "m"}, {"b", "m"}}}};
  config.models[0].order = config::Order::listed;
  return config;
}

// The text that the caller has received so far.
std::string told(const World& world) {
  std::string text;
  const std::string& all = world.caller->text;
  constexpr std::string_view key = R"("content":")";
  for (size_t at = 0; (at = all.find(key, at)) != all.npos;) {
    at += key.size();
    text += all.substr(at, all.find('"', at) - at);
  }
  return text;
}

// The first target sends "one two" and hangs up; the request has gone to the second.
void break_off(World& world, const std::string& last = "") {
  world.say(post("/v1/chat/completions", streamed));
  world.target_says(sse_head + word("one ") + word("two") + last);
  CHECK(told(world) == "one two");
  world.targets[0]->stream.reset();
  REQUIRE(world.until([&] { return world.targets.size() == 2; }));
  world.turn();
}

TEST_CASE("a stream that broke off begins anew elsewhere, and the caller reads on where it was") {
  World world(two_targets());
  break_off(world);
  CHECK(world.targets[1]->has("\"count\""));
  CHECK_FALSE(world.targets[1]->has("one two"));
  world.target_says(sse_head + word("on", "c2") + word("e two thr", "c2") + word("ee", "c2") + chunk(stop) +
                    "0\r\n\r\n");
  CHECK(told(world) == "one two three");
  CHECK(world.caller->text.find("HTTP/1.1", 1) == std::string::npos);
  CHECK_FALSE(world.caller->has("\"c2\""));
  CHECK(world.caller->has("[DONE]"));
  CHECK(world.caller->text.ends_with("0\r\n\r\n"));
  const std::string record = world.records();
  INFO(record);
  CHECK(record.find("outcome=ok") != std::string::npos);
  CHECK(record.find("rescued=true") != std::string::npos);
  CHECK(record.find("target=b/m") != std::string::npos);
  CHECK(record.find("target_cut") != std::string::npos);  // reported for the earlier attempt
  CHECK(world.cells().active_streams.get() == 0);
}

TEST_CASE("a stream whose length was announced is continued beyond it") {
  World world(two_targets());
  world.say(post("/v1/chat/completions", streamed));
  world.target_says("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 300\r\n\r\n");
  const std::string frame =
      "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"model\":\"m-1\",\"choices\":[{\"index\":0,"
      "\"delta\":{\"content\":\"one two\"}}]}\n\n";
  world.target_says(frame);
  world.targets[0]->stream.reset();
  REQUIRE(world.until([&] { return world.targets.size() == 2; }));
  world.turn();
  world.target_says(sse_head + word("one two three four five six seven eight nine ten") + chunk(stop) + "0\r\n\r\n");
  CHECK(told(world) == "one two three four five six seven eight nine ten");
  CHECK_FALSE(world.caller->has("content-length"));
  CHECK(world.caller->text.ends_with("0\r\n\r\n"));
}

TEST_CASE("a target that has only ever failed counts in the metrics") {
  World world(two_targets());
  break_off(world);
  world.target_says(sse_head + word("one two three", "c2") + chunk(stop) + "0\r\n\r\n");
  observe::Series* const failed = world.cells().find("chat/completions", "a/m");
  REQUIRE(failed != nullptr);
  CHECK(failed->failure(ErrorCode::target_cut).get() == 1);
}

TEST_CASE("an error within the stream is not shown where another target goes on") {
  World world(two_targets());
  world.say(post("/v1/chat/completions", streamed));
  world.target_says(sse_head + word("one ") + word("two"));
  world.target_says(chunk("data: {\"error\":{\"message\":\"overloaded\",\"code\":503}}\n\n"));
  REQUIRE(world.until([&] { return world.targets.size() == 2; }));
  world.turn();
  world.target_says(sse_head + word("one two three") + chunk(stop) + "0\r\n\r\n");
  CHECK(told(world) == "one two three");
  CHECK_FALSE(world.caller->has("overloaded"));
  CHECK(world.caller->text.ends_with("0\r\n\r\n"));
}

TEST_CASE("a stream that stands still is gone on with") {
  config::Config config = two_targets();
  config.providers[0].timeouts = {1000, 1000, 1500, 100};
  World world(config);
  world.say(post("/v1/chat/completions", streamed));
  world.target_says(sse_head + word("one "));
  REQUIRE(world.until([&] { return world.targets.size() == 2; }));
  world.turn();
  world.target_says(sse_head + word("one two") + chunk(stop) + "0\r\n\r\n");
  CHECK(told(world) == "one two");
  CHECK(world.caller->text.ends_with("0\r\n\r\n"));
}

TEST_CASE("where the second answer differs, the stream ends in an error, and nothing contradicts what was said") {
  World world(two_targets());
  break_off(world);
  world.target_says(sse_head + word("one TWO three") + chunk(stop) + "0\r\n\r\n");
  CHECK(world.until([&] { return world.caller->ended; }));
  CHECK(told(world) == "one two");
  CHECK(world.caller->has("\"error\""));
  CHECK_FALSE(world.caller->has("[DONE]"));
  CHECK_FALSE(world.caller->text.ends_with("0\r\n\r\n"));
  CHECK(world.records().find("outcome=target_cut") != std::string::npos);
  const Result<routing::Plan> plan = world.router->plan("fast", {});
  for (const routing::Target& target : plan->targets) {  // not the second one's fault
    CHECK(target.health->state(world.loop.now_ms()).failed == (target.label() == "a/m" ? 1 : 0));
  }
}

TEST_CASE("a target that goes on from an assistant's message is asked to; if it refuses, it begins anew") {
  World world(two_targets(Dialect::anthropic, true));
  break_off(world);
  CHECK(world.targets[1]->has("POST /v1/messages"));
  CHECK(world.targets[1]->has("one two"));
  const std::string begin =
      chunk(
          "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"type\":\"message\","
          "\"role\":\"assistant\",\"model\":\"c\",\"content\":[],\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}}"
          "\n\n") +
      chunk(
          "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{"
          "\"type\":\"text\",\"text\":\"\"}}\n\n");
  const auto text = [](std::string_view said) {
    return chunk(
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":"
        "\"text_delta\",\"text\":\"" +
        std::string(said) + "\"}}\n\n");
  };
  const std::string end =
      chunk("event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n") +
      chunk(
          "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},"
          "\"usage\":{\"output_tokens\":2}}\n\n") +
      chunk("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n") + "0\r\n\r\n";
  SECTION("it goes on") { world.target_says(sse_head + begin + text(" three") + end); }
  SECTION("it refuses") {
    const std::string no = R"({"type":"error","error":{"type":"invalid_request_error","message":"no prefill"}})";
    world.target_says("HTTP/1.1 400 No\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: " +
                      std::to_string(no.size()) + "\r\n\r\n" + no);
    REQUIRE(world.until([&] { return world.targets.size() == 3; }));
    world.turn();
    CHECK(world.targets[2]->has("POST /v1/messages"));
    CHECK_FALSE(world.targets[2]->has("one two"));
    world.target_says(sse_head + begin + text("one two") + text(" three") + end);
  }
  CHECK(told(world) == "one two three");
  CHECK(world.caller->has("[DONE]"));
  CHECK(world.caller->text.ends_with("0\r\n\r\n"));
  CHECK_FALSE(world.caller->has("prefill"));
}

TEST_CASE("where the next target has no room for the rest, the one behind it goes on, and nothing is said twice") {
  for (const Dialect first : {Dialect::openai, Dialect::ollama}) {  // relayed bytes, and translated
    config::Config config = two_targets();
    config.providers[0].dialects = {first};
    config.providers[1].limits.concurrent = 1;
    config.providers.push_back(config.providers[0]);
    config.providers[2].name = "c";
    config.providers[2].dialects = {Dialect::openai};
    config.models[0].targets.push_back({"c", "m"});
    World world(config);
    world.say(post("/v1/chat/completions", R"({"model":"b/m","messages":[]})"));
    const std::unique_ptr<Peer> busy = std::move(world.caller);
    world.connect();
    world.say(post("/v1/chat/completions", streamed));
    REQUIRE(world.targets.size() == 2);
    const std::string line =
        R"({"model":"m","created_at":"2026-01-01T00:00:00Z","message":{"role":"assistant","content":"one two"},"done":false})"
        "\n";
    world.target_says(first == Dialect::openai ? sse_head + word("one ") + word("two")
                                               : "HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\n"
                                                 "transfer-encoding: chunked\r\n\r\n" +
                                                     chunk(line));
    CHECK(told(world) == "one two");
    world.targets[1]->stream.reset();
    REQUIRE(world.until([&] { return world.targets.size() == 3; }));
    world.turn();
    world.target_says(sse_head + word("one two three") + chunk(stop) + "0\r\n\r\n");
    CHECK(told(world) == "one two three");
    CHECK(world.caller->has("[DONE]"));
    CHECK(world.caller->text.ends_with("0\r\n\r\n"));
  }
}

TEST_CASE("a stream of more than is kept of it is gone on with like a short one, as long as there is room") {
  const std::string said(2'000, 'x');
  std::string all;
  World world(two_targets());
  SECTION("there is") {}
  SECTION("there is not") { world.budget.set_most(256 * 1024); }
  const bool roomy = world.budget.most() > 256 * 1024;
  world.say(post("/v1/chat/completions", streamed));
  world.target_says(sse_head);
  for (int i = 0; i < 300; ++i) {
    world.target_says(word(said));
    all += said;
  }
  CHECK(told(world) == all);
  world.targets[0]->stream.reset();
  if (!roomy) {
    CHECK(world.until([&] { return world.caller->ended; }));
    CHECK(world.targets.size() == 1);
    CHECK(world.caller->has("\"error\""));
    CHECK_FALSE(world.caller->has("[DONE]"));
    return;
  }
  REQUIRE(world.until([&] { return world.targets.size() == 2; }));
  world.turn();
  world.target_says(sse_head + word(all) + word(" three") + chunk(stop) + "0\r\n\r\n");
  CHECK(told(world) == all + " three");
  CHECK(world.caller->text.ends_with("0\r\n\r\n"));
  CHECK(world.records().find("outcome=ok") != std::string::npos);
}

TEST_CASE("what cannot be spliced ends in an honest error, and no other target is asked") {
  const std::string call = chunk(
      "data: {\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"t\",\"type\":"
      "\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"a\\\"\"}}]}}]}\n\n");
  World world(two_targets());
  world.say(post("/v1/chat/completions", streamed));
  world.target_says(sse_head + word("one ") + call);
  world.targets[0]->stream.reset();
  CHECK(world.until([&] { return world.caller->ended; }));
  CHECK(world.targets.size() == 1);
  CHECK(world.caller->has("\"error\""));
  CHECK_FALSE(world.caller->has("[DONE]"));

  // Bytes that arrive in the same turn as the end: whole frames are relayed, and the error is a separate frame.
  World at_once(two_targets());
  at_once.say(post("/v1/chat/completions", streamed));
  at_once.target_says(sse_head + word("one "));
  at_once.target_says(word("two") + call + chunk("data: {\"id\":\"c1\",\"cho") + "0\r\n\r\n");
  CHECK(at_once.until([&] { return at_once.caller->ended; }));
  CHECK(told(at_once) == "one two");
  CHECK_FALSE(at_once.caller->has("\"cho\r\n"));
  CHECK(at_once.caller->has("\"error\""));
  CHECK_FALSE(at_once.caller->has("[DONE]"));

  // An error reported within the stream reaches the caller, and what follows it does not count as an end.
  World told_so(two_targets());
  told_so.say(post("/v1/chat/completions", streamed));
  told_so.target_says(sse_head + word("one ") + call);
  told_so.target_says(chunk("data: {\"error\":{\"message\":\"overloaded\",\"code\":503}}\n\n") + "0\r\n\r\n");
  CHECK(told_so.until([&] { return told_so.caller->ended; }));
  CHECK(told_so.targets.size() == 1);
  CHECK(told_so.caller->has("\"error\""));
  CHECK(told_so.caller->has("overloaded"));
  CHECK_FALSE(told_so.caller->has("[DONE]"));
  CHECK_FALSE(told_so.caller->text.ends_with("\r\n0\r\n\r\n"));

  config::Config config = two_targets();
  config.models[0].rescue = config::Rescue::off;
  World off(config);
  off.say(post("/v1/chat/completions", streamed));
  off.target_says(sse_head + word("one "));
  off.targets[0]->stream.reset();
  CHECK(off.until([&] { return off.caller->ended; }));
  CHECK(off.targets.size() == 1);
  CHECK(off.caller->has("\"error\""));
}

TEST_CASE("a translated stream is gone on with by its own writer") {
  config::Config config = two_targets(Dialect::openai);
  std::swap(config.models[0].targets[0], config.models[0].targets[1]);
  config.providers[1].dialects = {Dialect::anthropic};  // "b" is asked first
  World world(config);
  world.say(post("/v1/chat/completions", streamed));
  CHECK(world.target().has("POST /v1/messages"));
  world.target_says(
      sse_head +
      chunk("event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"type\":\"message\","
            "\"role\":\"assistant\",\"model\":\"c\",\"content\":[],\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}}"
            "\n\n") +
      chunk("event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{"
            "\"type\":\"text\",\"text\":\"\"}}\n\n") +
      chunk("event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":"
            "\"text_delta\",\"text\":\"one t\"}}\n\n"));
  CHECK(told(world) == "one t");
  world.targets[0]->stream.reset();
  REQUIRE(world.until([&] { return world.targets.size() == 2; }));
  world.turn();
  CHECK(world.target().has("POST /v1/chat/completions"));
  world.target_says(sse_head + word("one two") + chunk(stop) + "0\r\n\r\n");
  CHECK(told(world) == "one two");
  CHECK(world.caller->has("[DONE]"));
  CHECK(world.caller->text.ends_with("0\r\n\r\n"));
}

TEST_CASE("an error that comes with the end of a translated stream is not shown where another target goes on") {
  config::Config config = two_targets(Dialect::openai);
  std::swap(config.models[0].targets[0], config.models[0].targets[1]);
  config.providers[1].dialects = {Dialect::anthropic};  // "b" is asked first
  World world(config);
  world.say(post("/v1/chat/completions", streamed));
  CHECK(world.target().has("POST /v1/messages"));
  world.target_says(
      sse_head +
      chunk("event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"type\":\"message\","
            "\"role\":\"assistant\",\"model\":\"c\",\"content\":[],\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}}"
            "\n\n") +
      chunk("event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{"
            "\"type\":\"text\",\"text\":\"\"}}\n\n") +
      chunk("event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":"
            "\"text_delta\",\"text\":\"one t\"}}\n\n"));
  CHECK(told(world) == "one t");
  world.target_says(chunk("event: error\ndata: "
                          "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"busy\"}}\n\n") +
                    "0\r\n\r\n");
  REQUIRE(world.until([&] { return world.targets.size() == 2; }));
  world.turn();
  CHECK(world.target().has("POST /v1/chat/completions"));
  world.target_says(sse_head + word("one two") + chunk(stop) + "0\r\n\r\n");
  CHECK(told(world) == "one two");
  CHECK_FALSE(world.caller->has("busy"));
  CHECK(world.caller->has("[DONE]"));
  CHECK(world.caller->text.ends_with("0\r\n\r\n"));
}

// The body of a chunked answer.
std::string body_of(std::string_view answer) {
  std::string body;
  std::string_view rest = answer.substr(std::min(answer.find("\r\n\r\n") + 4, answer.size()));
  while (!rest.empty()) {
    const size_t size = std::strtoull(std::string(rest.substr(0, 20)).c_str(), nullptr, 16);
    rest.remove_prefix(std::min(rest.find("\r\n") + 2, rest.size()));
    body += rest.substr(0, size);
    rest.remove_prefix(std::min(size + 2, rest.size()));
  }
  return body;
}

// The elements of the array that a caller got as its stream: texts, and "!" for an error. "?": not an array.
std::string array_told(std::string_view body) {
  api::JsonDocument document;
  if (!document.parse(body) || !document.root().is_array()) return "?";
  std::string text;
  for (const api::JsonValue one : document.root()) {
    if (one["error"].is_object()) text += "!";
    for (const api::JsonValue candidate : one["candidates"]) {
      for (const api::JsonValue part : candidate["content"]["parts"]) text += part["text"].word();
    }
  }
  return text;
}

TEST_CASE("wherever a stream that is an array breaks off and nobody goes on, the error is its last element") {
  const auto part = [](std::string_view inner) {
    return R"({"candidates":[{"content":{"role":"model","parts":[)" + std::string(inner) + "]}}]}";
  };
  const std::string told_error = R"({"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}})";
  struct Row {
    const char* what;
    std::string stream;
    bool others_answer;  // with a refusal; if false, no other target can be asked
  };
  const std::string texts = "[" + part(R"({"text":"one "})") + "\n,\r\n" + part(R"({"text":"two"})");
  const std::string call = part(R"({"functionCall":{"name":"f","args":{"a":"]}"}}})");
  for (const Row& row : std::vector<Row>{{"texts", texts + "\n", true},
                                         {"a call", texts + ",\n" + call + ",\n" + part(R"({"text":"x"})"), true},
                                         {"an error", texts + ",\n" + told_error + "]", true},
                                         {"an error behind a call", texts + "," + call + "," + told_error + "]", true},
                                         {"nobody else", texts + "," + part(R"({"text":"x"})"), false}}) {
    for (const Dialect other : {Dialect::gemini, Dialect::openai}) {
      for (size_t cut = 0; cut <= row.stream.size(); cut += other == Dialect::gemini ? 1 : 5) {
        config::Config config = two_targets(other);
        if (!row.others_answer) config.providers[1].limits.concurrent = 1;
        World world(config);
        std::unique_ptr<Peer> first;
        if (!row.others_answer) {  // takes the only slot of "b"
          world.say(post("/v1/chat/completions", R"({"model":"b/m","messages":[]})"));
          first = std::move(world.caller);
          world.connect();
        }
        const size_t busy = world.targets.size();
        world.say(post("/v1beta/models/fast:streamGenerateContent", R"({"contents":[{"parts":[{"text":"count"}]}]})"));
        REQUIRE(world.targets.size() == busy + 1);
        world.target_says("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n");
        if (cut != 0) world.target_says(chunk(row.stream.substr(0, cut)));
        world.target().stream.reset();
        size_t answered = world.targets.size();
        const auto over = [&] {
          return world.caller->ended || world.caller->has("HTTP/1.1 4") || world.caller->has("HTTP/1.1 5");
        };
        for (int asked = 0; asked < 6 && !over(); ++asked) {
          REQUIRE(world.until([&] { return over() || world.targets.size() > answered; }));
          world.turn();
          if (over()) break;
          answered = world.targets.size();
          world.target_says("HTTP/1.1 400 No\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}");
        }
        INFO(row.what << ", cut behind " << row.stream.substr(0, cut) << "\n" << world.caller->text);
        REQUIRE(over());
        CHECK(world.cells().active_streams.get() == 0);
        if (!world.caller->has("HTTP/1.1 200")) continue;  // an error before any output
        const std::string told_so = array_told(body_of(world.caller->text));
        const bool is_fine = told_so == "one !" || told_so == "one two!" || told_so == "one twox!";
        CHECK(is_fine);
        CHECK_FALSE(world.caller->text.ends_with("\r\n0\r\n\r\n"));
      }
    }
  }
}

}  // namespace
}  // namespace sluice::gateway
