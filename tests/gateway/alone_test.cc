// Callers who leave while their answer is under way, where `drain_on_disconnect` has it read to its end for accounting.
#include <catch2/catch.hpp>

#include "world.h"

namespace sluice::gateway {
namespace {

const std::string chat = R"({"model":"fast","messages":[{"role":"user","content":"hi"}]})";
const std::string streamed = R"({"model":"fast","stream":true,"messages":[{"role":"user","content":"hi"}]})";
const std::string sse_head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

std::string chunk(std::string_view bytes) {
  char line[20];
  std::snprintf(line, sizeof line, "%zx\r\n", bytes.size());
  return line + std::string(bytes) + "\r\n";
}
std::string delta(std::string_view inner) {
  return chunk(R"(data: {"id":"c","choices":[{"index":0,"delta":{)" + std::string(inner) + "}}]}\n\n");
}
const std::string role = delta(R"("role":"assistant","content":"")");
const std::string word = delta(R"("content":"Yes")");
const std::string stop =
    chunk(
        "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":3,"
        "\"completion_tokens\":41}}\n\ndata: [DONE]\n\n") +
    "0\r\n\r\n";
const std::string answer =
    ok_json(R"({"id":"x","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"yes"},)"
            R"("finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":41}})");
const std::string foreign_answer =
    ok_json(R"({"id":"x","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"yes"}],)"
            R"("stop_reason":"end_turn","usage":{"input_tokens":3,"output_tokens":41}})");
const std::string foreign_begin =
    chunk(
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"type\":\"message\","
        "\"role\":\"assistant\",\"model\":\"c\",\"content\":[],\"usage\":{\"input_tokens\":3,\"output_tokens\":1}}}"
        "\n\n") +
    chunk(
        "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{"
        "\"type\":\"text\",\"text\":\"\"}}\n\n") +
    chunk(
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":"
        "\"text_delta\",\"text\":\"Oui\"}}\n\n");
const std::string foreign_stop =
    chunk("event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n") +
    chunk(
        "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},"
        "\"usage\":{\"output_tokens\":41}}\n\n") +
    chunk("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n") + "0\r\n\r\n";

// "fast": first "a", then "b".
config::Config draining(Dialect dialect = Dialect::openai) {
  config::Config config = World::plain_config();
  config.providers[0].name = "a";
  config.providers[0].dialects = {dialect};
  config.providers.push_back(config.providers[0]);
  config.providers[1].name = "b";
  config.models = {{"fast", {{"a", "m"}, {"b", "m"}}}};
  config.models[0].order = config::Order::listed;
  config.models[0].drain_on_disconnect = true;
  return config;
}

void leave(World& world, bool reset = true) {
  if (reset) {
    world.caller->stream.reset();
  } else {
    world.caller->stream->end();
  }
  world.turn();
}

void check_over(World& world, std::string_view tokens) {
  CHECK(world.cells().active_exchanges.get() == 0);
  CHECK(world.cells().active_streams.get() == 0);
  CHECK(world.connections->size() == 0);
  CHECK(world.context->users == 0);
  const std::string record = world.records();
  INFO(record);
  CHECK(record.find(" status=499 ") != std::string::npos);
  CHECK(record.find("outcome=caller_gone") != std::string::npos);
  CHECK(record.find(tokens) != std::string::npos);
}

TEST_CASE("an answer whose caller has left is read to its end, and its tokens are recorded") {
  struct Row {
    const char* what;
    Dialect dialect;
    std::string body, before, after;
  };
  for (const bool reset : {true, false}) {
    for (const Row& row : std::vector<Row>{
             {"nothing has come", Dialect::openai, streamed, "", sse_head + role + word + stop},
             {"a head", Dialect::openai, streamed, sse_head, role + word + stop},
             {"a role", Dialect::openai, streamed, sse_head + role, word + stop},
             {"a word", Dialect::openai, streamed, sse_head + role + word, word + stop},
             {"half a frame", Dialect::openai, streamed, sse_head + word + word.substr(0, 20), word.substr(20) + stop},
             {"plain, nothing", Dialect::openai, chat, "", answer},
             {"plain, some", Dialect::openai, chat, answer.substr(0, answer.size() - 40),
              answer.substr(answer.size() - 40)},
             {"foreign, nothing", Dialect::anthropic, streamed, "", sse_head + foreign_begin + foreign_stop},
             {"foreign, a word", Dialect::anthropic, streamed, sse_head + foreign_begin, foreign_stop},
             {"foreign, plain, nothing", Dialect::anthropic, chat, "", foreign_answer},
             {"foreign, plain, some", Dialect::anthropic, chat, foreign_answer.substr(0, foreign_answer.size() - 40),
              foreign_answer.substr(foreign_answer.size() - 40)}}) {
      World world(draining(row.dialect));
      INFO(row.what << (reset ? ", reset" : ", end"));
      world.say(post("/v1/chat/completions", row.body));
      REQUIRE(world.targets.size() == 1);
      if (!row.before.empty()) world.target_says(row.before);
      leave(world, reset);
      CHECK_FALSE(world.targets[0]->ended);
      CHECK(world.cells().active_exchanges.get() == 1);
      CHECK(world.connections->size() == 1);
      world.target_says(row.after);
      CHECK_FALSE(world.targets[0]->ended);  // its connection can be reused
      CHECK(world.targets.size() == 1);
      check_over(world, "output_tokens=41");
    }
  }
}

TEST_CASE("without drain_on_disconnect, or where nothing has been asked, a caller's leaving ends all at once") {
  SECTION("not wanted") {
    config::Config config = draining();
    config.models[0].drain_on_disconnect = false;
    World world(config);
    world.say(post("/v1/chat/completions", streamed));
    world.target_says(sse_head + role + word);
    leave(world);
    CHECK(world.targets[0]->ended);
    check_over(world, "outcome=caller_gone");
  }
  SECTION("the request has not come as a whole") {
    World world(draining());
    const std::string whole = post("/v1/chat/completions", streamed);
    world.say(whole.substr(0, whole.size() - 3));
    leave(world);
    CHECK(world.targets.empty());
    CHECK(world.cells().active_exchanges.get() == 0);
    CHECK(world.connections->size() == 0);
  }
  SECTION("between two attempts") {
    config::Config config = draining();
    config.models[0].targets.pop_back();
    World world(config);
    world.say(post("/v1/chat/completions", streamed));
    world.target_says("HTTP/1.1 500 No\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}");
    leave(world);
    CHECK(world.targets.size() == 1);
    check_over(world, "outcome=caller_gone");
  }
}

TEST_CASE("nobody else is asked for a caller who has left") {
  for (const std::string& first : {std::string("HTTP/1.1 503 No\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}"),
                                   sse_head + role, sse_head + word}) {
    World world(draining());
    world.say(post("/v1/chat/completions", streamed));
    leave(world);
    world.target_says(first);
    world.targets[0]->stream.reset();
    world.until([&] { return world.cells().active_exchanges.get() == 0; });
    CHECK(world.targets.size() == 1);
    CHECK(world.cells().active_exchanges.get() == 0);
    CHECK(world.connections->size() == 0);
    CHECK(world.records().find(" status=499 ") != std::string::npos);
  }
}

TEST_CASE("an answer that its caller was too slow for goes on once he has left") {
  World world(draining());
  world.say(post("/v1/chat/completions", streamed));
  world.caller->stream->stop_reading();
  world.target_says(sse_head + word);
  const std::string large = delta("\"content\":\"" + std::string(100'000, 'x') + "\"");
  for (int i = 0; i < 20; ++i) world.target_says(large);
  CHECK(world.target().stream->pending_bytes() > 1'000'000);
  leave(world);
  world.turn(2'000);
  CHECK(world.target().stream->pending_bytes() == 0);
  world.target_says(stop);
  check_over(world, "output_tokens=41");
}

TEST_CASE("what is read for nobody is bounded, in size and in silence") {
  World world(draining());
  world.say(post("/v1/chat/completions", streamed));
  world.target_says(sse_head + word);
  leave(world);
  SECTION("64 MiB") {
    const std::string large = delta("\"content\":\"" + std::string(1'000'000, 'x') + "\"");
    int written = 0;
    for (; written < 80 && !world.targets[0]->ended; ++written) world.target_says(large);
    CHECK(world.targets[0]->ended);
    CHECK(written >= 64);
    CHECK(written <= 70);
    check_over(world, "outcome=caller_gone");
    const Result<routing::Plan> plan = world.router->plan("fast", {});
    CHECK(plan->targets[0].health->state(world.loop.now_ms()).failed == 0);  // not the target's fault
  }
  SECTION("silence") {
    CHECK(world.until([&] { return world.targets[0]->ended; }));
    check_over(world, "outcome=caller_gone");
  }
}

TEST_CASE("what was held of the limits is held until the answer's end, and the true count is taken") {
  config::Config config = draining();
  config.models[0].limits.concurrent = 1;
  config.models[0].limits.tokens_per_minute = 10'000;
  World world(config);
  world.say(post("/v1/chat/completions", streamed));
  world.target_says(sse_head + word);
  leave(world);
  world.connect();
  world.say(post("/v1/chat/completions", chat));
  CHECK(world.caller->has("HTTP/1.1 429 "));
  world.targets[0]->stream->write(stop);
  world.turn();
  policy::Limit* const limit = world.limiter->of(&world.config.models[0]);
  REQUIRE(limit != nullptr);
  const policy::LimitState state = limit->state(world.loop.now_ns());
  CHECK(state.in_use == 0);
  CHECK(state.tokens.remaining == 10'000 - 44);
  world.say(post("/v1/chat/completions", chat));
  CHECK(world.until([&] { return world.targets.size() == 2 || world.targets[0]->has("POST"); }));
}

TEST_CASE("a shutdown ends what is read for nobody") {
  World world(draining());
  world.say(post("/v1/chat/completions", streamed));
  world.target_says(sse_head + word);
  leave(world);
  world.connections->drain();
  world.turn();
  CHECK(world.connections->size() == 1);  // it has time to finish
  world.connections->cut_all({ErrorCode::draining, "shutting down"});
  world.turn();
  CHECK(world.targets[0]->ended);
  check_over(world, "outcome=caller_gone");
}

TEST_CASE("a caller who leaves behind a heartbeat leaves an answer that is read on") {
  for (const std::string& after : {sse_head + role + word + stop, answer}) {
    World world(draining());
    world.say(post("/v1/chat/completions", streamed));
    REQUIRE(world.until([&] { return world.caller->has(": keep-alive\n"); }));
    leave(world);
    world.target_says(after);
    check_over(world, "output_tokens=41");
  }
}

}  // namespace
}  // namespace sluice::gateway
