// Exchanges whose first target fails: which target is asked next, and what the caller sees.
#include <catch2/catch.hpp>

#include "world.h"

namespace sluice::gateway {
namespace {

const std::string chat = R"({"model":"fast","messages":[{"role":"user","content":"hi"}]})";
const std::string streamed = R"({"model":"fast","stream":true,"messages":[{"role":"user","content":"hi"}]})";
const std::string answer =
    R"({"id":"x","model":"b-1","choices":[{"index":0,"message":{"role":"assistant","content":"yes"},)"
    R"("finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":7}})";
const std::string sse_head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
const std::string role = "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n";
const std::string word = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Yes\"}}]}\n\n";
const std::string stop =
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

std::string chunk(std::string_view bytes) {
  char line[20];
  std::snprintf(line, sizeof line, "%zx\r\n", bytes.size());
  return line + std::string(bytes) + "\r\n";
}
std::string failure(int status, std::string_view body, std::string_view fields = "") {
  return "HTTP/1.1 " + std::to_string(status) + " No\r\ncontent-type: application/json\r\n" + std::string(fields) +
         "content-length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

// "fast": first "a", then "b".
config::Config two_targets(Dialect second = Dialect::openai) {
  config::Config config = World::plain_config();
  config.providers[0].name = "a";
  config.providers.push_back(config.providers[0]);
  config.providers[1].name = "b";
  config.providers[1].dialects = {second};
  config.models = {{"fast", {{"a", "m"}, {"b", "m"}}}};
  config.models[0].order = config::Order::listed;
  return config;
}

TEST_CASE("what fails before any output goes on at the next target, and the caller sees that answer alone") {
  const std::string error_frame = "data: {\"error\":{\"message\":\"overloaded\",\"code\":503}}\n\n";
  struct Row {
    const char* what;
    std::string first;
    bool hangs_up;
    const char* next = "b/m";
  };
  for (const Row& row : std::vector<Row>{
           {"503", failure(503, R"({"error":{"message":"no"}})"), false},
           {"529", failure(529, R"({"error":{"message":"no"}})"), false},
           {"401", failure(401, R"({"error":{"message":"no","code":"invalid_api_key"}})"), false},
           {"429 with a long wait", failure(429, R"({"error":{"message":"no"}})", "retry-after: 60\r\n"), false},
           {"no money", failure(400, R"({"error":{"message":"no","code":"insufficient_quota"}})"), false},
           {"headers, then cut", sse_head, true, "a/m"},
           {"role, then cut", sse_head + chunk(role), true, "a/m"},
           {"role, then an error", sse_head + chunk(role) + chunk(error_frame), false},
           {"an error at once", sse_head + chunk(error_frame), false},
           {"a page", "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 6\r\n\r\n<html>", true, "a/m"},
           {"nonsense", "HTTX", true, "a/m"},
       }) {
    World world(two_targets());
    INFO(row.what);
    world.say(post("/v1/chat/completions", streamed));
    REQUIRE(world.targets.size() == 1);
    world.target_says(row.first);
    if (row.hangs_up) world.targets[0]->stream.reset();
    REQUIRE(world.until([&] { return world.targets.size() == 2; }));
    world.turn();
    CHECK(world.caller->text.empty());
    CHECK(world.targets[1]->has("hi"));
    world.target_says(sse_head + chunk(role) + chunk(word) + chunk(stop) + "0\r\n\r\n");
    CHECK(world.caller->has("sluice-target: " + std::string(row.next) + "\r\nsluice-attempts: 2\r\n"));
    CHECK(world.caller->text.find("HTTP/1.1", 1) == std::string::npos);
    CHECK(world.caller->has("\"Yes\""));
    CHECK(world.caller->text.ends_with("\r\n0\r\n\r\n"));
    CHECK_FALSE(world.caller->has("overloaded"));
    CHECK(world.records().find("outcome=ok") != std::string::npos);
    CHECK(world.cells().active_exchanges.get() == 0);
    CHECK(world.cells().active_streams.get() == 0);
  }
}

TEST_CASE("a plain answer that breaks off is had from the next target, whole") {
  World world(two_targets());
  world.say(post("/v1/chat/completions", chat));
  world.target_says("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n{\"id\":\"bad");
  world.targets[0]->stream.reset();
  REQUIRE(world.until([&] { return world.targets.size() == 2; }));
  world.turn();
  world.target_says(ok_json(answer));
  CHECK(world.caller->has("\r\n\r\n" + answer));
  CHECK_FALSE(world.caller->has("bad"));
}

TEST_CASE("JSON that ends before it is closed is no answer, whatever its framing says") {
  World world(two_targets());
  world.say(post("/v1/chat/completions", chat));
  world.target_says(ok_json(R"({"id":"x","choices":[)"));
  REQUIRE(world.until([&] { return world.targets.size() == 2; }));
  world.turn();
  world.target_says(ok_json(answer));
  CHECK(world.caller->has("\r\n\r\n" + answer));
}

TEST_CASE("what the caller did wrong is told him at once, in the target's own words") {
  for (const int status : {400, 404, 413, 422}) {
    World world(two_targets());
    world.say(post("/v1/chat/completions", chat));
    world.target_says(failure(status, R"({"error":{"message":"your fault","code":"invalid_value"}})"));
    world.turn();
    INFO(status);
    CHECK(world.targets.size() == 1);
    CHECK(world.caller->has("HTTP/1.1 " + std::to_string(status) + " "));
    CHECK(world.caller->has("your fault"));
  }
}

TEST_CASE("where no target answers, the caller has the last one's words") {
  World world(two_targets());
  world.say(post("/v1/chat/completions", chat));
  for (size_t asked = 1; asked <= 4; ++asked) {  // "a", then "b" until the exchange's attempts are used up
    REQUIRE(world.until([&] { return world.targets.size() == asked; }));
    world.turn();
    world.target_says(
        failure(503, R"({"error":{"message":"down )" + std::to_string(asked) + "\"}}", "connection: close\r\n"));
  }
  CHECK(world.until([&] { return world.caller->has("HTTP/1.1 503 "); }));
  CHECK(world.caller->has("down 4"));
  CHECK_FALSE(world.caller->has("down 1"));
  const std::string record = world.records();
  CHECK(record.find("outcome=target_error") != std::string::npos);
  // Failed attempts and the waits between them do not count as sluice's time.
  const auto us = [&record](std::string_view name) {
    const size_t at = record.find(std::string(name) + "=");
    REQUIRE(at != std::string::npos);
    return std::strtoull(record.c_str() + at + name.size() + 1, nullptr, 10);
  };
  CHECK(us("overhead_us") < us("duration_us") / 2);
}

TEST_CASE("an answer goes on at a target of another dialect") {
  World world(two_targets(Dialect::anthropic));
  world.say(post("/v1/chat/completions", streamed));
  world.target_says(failure(503, "{}"));
  REQUIRE(world.until([&] { return world.targets.size() == 2; }));
  world.turn();
  CHECK(world.targets[1]->has("POST /v1/messages"));
  world.target_says(
      sse_head +
      chunk("event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"type\":\"message\","
            "\"role\":\"assistant\",\"model\":\"c\",\"content\":[],\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}}"
            "\n\n") +
      chunk("event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{"
            "\"type\":\"text\",\"text\":\"\"}}\n\n"));
  CHECK(world.caller->text.empty());
  world.target_says(
      chunk("event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":"
            "\"text_delta\",\"text\":\"Oui\"}}\n\n") +
      chunk("event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n") +
      chunk("event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},"
            "\"usage\":{\"output_tokens\":2}}\n\n") +
      chunk("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n") + "0\r\n\r\n");
  CHECK(world.caller->has("\"Oui\""));
  CHECK(world.caller->has("[DONE]"));
  CHECK(world.caller->text.ends_with("0\r\n\r\n"));
}

TEST_CASE("a target that says nothing in its time is not asked again") {
  config::Config config = two_targets();
  config.providers[0].timeouts = {1000, 100, 150, 100};
  World world(config);
  world.say(post("/v1/chat/completions", streamed));
  world.target_says(sse_head + chunk(role));  // a role alone is no output
  REQUIRE(world.until([&] { return world.targets.size() == 2; }));
  world.turn();
  CHECK(world.targets[1]->has("hi"));
  CHECK(world.targets[0]->ended);
}

TEST_CASE("a silent stream is kept alive, and what comes at last follows") {
  World world(two_targets());
  world.say(post("/v1/chat/completions", streamed));
  world.target_says(sse_head + chunk(role));
  CHECK(world.until([&] { return world.caller->has(": keep-alive\n"); }));
  CHECK(world.caller->has("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"));
  CHECK_FALSE(world.caller->has("assistant"));
  SECTION("an answer") {
    world.target_says(chunk(word) + chunk(stop) + "0\r\n\r\n");
    CHECK(world.caller->text.find("HTTP/1.1", 1) == std::string::npos);
    CHECK(world.caller->has("\"Yes\""));
    CHECK(world.caller->text.ends_with("\r\n0\r\n\r\n"));
  }
  SECTION("another target's answer") {
    world.targets[0]->stream.reset();
    REQUIRE(world.until([&] { return world.targets.size() == 2; }));
    world.turn();
    world.target_says(sse_head + chunk(word) + chunk(stop) + "0\r\n\r\n");
    CHECK(world.caller->text.find("HTTP/1.1", 1) == std::string::npos);
    CHECK(world.caller->text.ends_with("\r\n0\r\n\r\n"));
  }
  SECTION("failures of all: an error within the stream, which then does not end well") {
    world.targets[0]->stream.reset();
    REQUIRE(world.until([&] { return world.targets.size() == 2; }));
    world.turn();
    world.target_says(failure(400, R"({"error":{"message":"not so"}})"));
    CHECK(world.until([&] { return world.caller->ended; }));
    CHECK(world.caller->has("data: {\"error\":{"));
    CHECK(world.caller->has("not so"));
    CHECK_FALSE(world.caller->has("[DONE]"));
    CHECK_FALSE(world.caller->text.ends_with("\r\n0\r\n\r\n"));
  }
  CHECK(world.cells().active_exchanges.get() == 0);
}

TEST_CASE("a stream that has finished is not waited for when its target holds it open") {
  World world(two_targets());
  const uint64_t began_ns = world.clock.monotonic_ns();
  world.say(post("/v1/chat/completions", streamed));
  world.target_says(sse_head + chunk(role) + chunk(word) + chunk(stop));
  CHECK(world.until([&] { return world.caller->text.ends_with("\r\n0\r\n\r\n"); }));
  CHECK(world.clock.monotonic_ns() < began_ns + 10ULL * 1000 * 1000 * 1000);
  CHECK(world.targets[0]->ended);
}

TEST_CASE("a caller who leaves between two attempts frees everything") {
  World world(two_targets());
  world.say(post("/v1/chat/completions", streamed));
  world.target_says(sse_head + chunk(role));
  world.caller->stream.reset();
  world.turn(4);
  CHECK(world.targets[0]->ended);
  CHECK(world.targets.size() == 1);
  CHECK(world.cells().active_exchanges.get() == 0);
  CHECK(world.pools.open == 0);
}

TEST_CASE("what came of an attempt that failed never turns up in another caller's answer") {
  for (const bool breaks : {true, false}) {
    World world(two_targets());
    world.say(post("/v1/chat/completions", streamed));
    world.target_says(sse_head + chunk(role) + chunk(word));
    std::unique_ptr<Peer> first = std::move(world.caller);
    first->text.clear();
    world.connect();
    world.say(post("/v1/chat/completions", breaks ? chat : streamed));
    REQUIRE(world.targets.size() == 2);
    // Part of an answer and its end, in one turn.
    world.targets[1]->stream->write(breaks ? "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{\"mine\":"
                                           : sse_head + chunk("data: {\"mine\"") + "0\r\n\r\n");
    world.targets[1]->stream.reset();
    world.turn();
    world.targets[0]->stream->write(chunk(word));
    world.turn();
    CHECK(first->text == chunk(word));
  }
}

TEST_CASE("what a provider's limit refuses, the next target takes") {
  config::Config config = two_targets();
  config.providers[0].limits.concurrent = 1;
  World world(config);
  world.say(post("/v1/chat/completions", chat));
  REQUIRE(world.targets.size() == 1);
  std::unique_ptr<Peer> first = std::move(world.caller);
  world.connect();
  world.say(post("/v1/chat/completions", chat));
  REQUIRE(world.targets.size() == 2);
  world.target_says(ok_json(answer));
  CHECK(world.caller->has("sluice-target: b/m\r\nsluice-attempts: 1\r\n"));
}

TEST_CASE("a key that may use a later target only has its answer from that one") {
  struct Row {
    std::vector<std::string> models;
    const char* target;  // "": none
  };
  for (const Row& row : std::vector<Row>{{{"fast"}, "a/m"},
                                         {{"a/m"}, "a/m"},
                                         {{"b/m"}, "b/m"},
                                         {{"b/*", "c/m"}, "b/m"},
                                         {{"c/m"}, "c/m"},
                                         {{"d/m"}, ""}}) {
    config::Config config = two_targets();
    config.providers.push_back(config.providers[0]);
    config.providers[2].name = "c";
    config.models[0].fallbacks = {"c/m"};
    config::CallerKey key;
    key.name = "team";
    key.key = "secret-of-the-team";
    key.models = config::AllowedModels(row.models);
    config.keys = {key};
    World world(config);
    INFO(row.models.front());
    world.say(post("/v1/chat/completions", chat, "Authorization: Bearer secret-of-the-team\r\n"));
    const std::string_view target = row.target;
    if (target.empty()) {
      CHECK(world.targets.empty());
      CHECK(world.caller->has("HTTP/1.1 403 "));
      continue;
    }
    REQUIRE(world.targets.size() == 1);
    world.target_says(ok_json(answer));
    CHECK(world.caller->has("HTTP/1.1 200 "));
    CHECK(world.caller->has("sluice-target: " + std::string(target) + "\r\nsluice-attempts: 1\r\n"));
  }
}

TEST_CASE("a key's answer never comes from a target that it may not use, whatever fails") {
  config::Config config = two_targets();
  config::CallerKey key;
  key.name = "team";
  key.key = "secret-of-the-team";
  key.models = config::AllowedModels({"a/m"});
  config.keys = {key};
  World world(config);
  world.say(post("/v1/chat/completions", chat, "Authorization: Bearer secret-of-the-team\r\n"));
  REQUIRE(world.targets.size() == 1);
  world.target_says(failure(401, R"({"error":{"message":"not you"}})"));
  CHECK(world.caller->has("HTTP/1.1 401 "));
  CHECK(world.targets.size() == 1);
}

TEST_CASE("a target that is known not to take what a request holds is passed over") {
  const std::string picture =
      R"({"model":"fast","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"u"}}]}]})";
  const std::string tools = R"({"model":"fast","tools":[{"type":"function"}],"messages":[]})";
  const std::string large =
      R"({"model":"fast","messages":[{"role":"user","content":")" + std::string(8'000, 'a') + "\"}]}";
  const std::string long_answer = R"({"model":"fast","messages":[],"max_tokens":1000})";
  struct Row {
    std::string body;
    routing::ModelFit first, second;
    const char* target;
  };
  const routing::ModelFit unknown, small{1'000}, blind{0, true, false, true, false}, sees{0, true, true, false, false};
  for (const Row& row :
       std::vector<Row>{{chat, blind, sees, "a/m"},
                        {picture, blind, sees, "b/m"},
                        {picture, blind, unknown, "b/m"},
                        {picture, blind, blind, "a/m"},  // if none can see pictures, the refusal is left to the target
                        {tools, sees, blind, "b/m"},
                        {large, small, unknown, "b/m"},
                        {long_answer, small, unknown, "b/m"},
                        {chat, small, unknown, "a/m"},
                        {large, small, small, "a/m"}}) {
    World world(two_targets());
    const auto fits = [&](const config::Provider& provider, std::string_view, uint32_t) {
      return provider.name == "a" ? row.first : row.second;
    };
    const routing::Router router(world.config, {}, 0, nullptr, fits);
    world.context->router = &router;
    INFO(row.body.substr(0, 80));
    world.say(post("/v1/chat/completions", row.body));
    REQUIRE(world.targets.size() == 1);
    world.target_says(ok_json(answer));
    CHECK(world.caller->has("sluice-target: " + std::string(row.target) + "\r\n"));
  }
}

TEST_CASE("what fits but may not be used by a key takes no place from what may") {
  config::Config config = two_targets();
  config::CallerKey key;
  key.name = "team";
  key.key = "secret-of-the-team";
  key.models = config::AllowedModels({"a/m"});
  config.keys = {key};
  World world(config);
  const routing::Router router(world.config, {}, 0, nullptr, [](const auto& provider, std::string_view, uint32_t) {
    return provider.name == "a" ? routing::ModelFit{10} : routing::ModelFit{};
  });
  world.context->router = &router;
  world.say(post("/v1/chat/completions", chat, "Authorization: Bearer secret-of-the-team\r\n"));
  REQUIRE(world.targets.size() == 1);
  world.target_says(ok_json(answer));
  CHECK(world.caller->has("sluice-target: a/m\r\n"));
}

}  // namespace
}  // namespace sluice::gateway
