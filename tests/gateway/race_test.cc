// A second attempt beside a late first one: whose answer the caller gets, and what becomes of the other attempt.
#include "gateway/race.h"

#include <catch2/catch.hpp>

#include "world.h"

namespace sluice::gateway {
namespace {

const std::string chat = R"({"model":"fast","messages":[{"role":"user","content":"hi"}]})";
const std::string streamed = R"({"model":"fast","stream":true,"messages":[{"role":"user","content":"hi"}]})";
const std::string sse_head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
const std::string stop =
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":5,"
    "\"completion_tokens\":7}}\n\ndata: [DONE]\n\n";

std::string answer(std::string_view word) {
  return R"({"id":"x","model":"m-1","choices":[{"index":0,"message":{"role":"assistant","content":")" +
         std::string(word) + R"("},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":7}})";
}
std::string frame(std::string_view delta) {
  return "data: {\"choices\":[{\"index\":0,\"delta\":{" + std::string(delta) + "}}]}\n\n";
}
std::string chunk(std::string_view bytes) {
  char line[20];
  std::snprintf(line, sizeof line, "%zx\r\n", bytes.size());
  return line + std::string(bytes) + "\r\n";
}
std::string stream_of(std::string_view word) {
  return sse_head + chunk(frame(R"("role":"assistant","content":"")")) +
         chunk(frame(R"("content":")" + std::string(word) + "\"")) + chunk(stop) + "0\r\n\r\n";
}
std::string failure(int status, std::string_view word) {
  const std::string body = R"({"error":{"message":")" + std::string(word) + R"("}})";
  return "HTTP/1.1 " + std::to_string(status) +
         " No\r\ncontent-type: application/json\r\ncontent-length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

// "fast": first "a", then "b", then "c"; a second attempt after 300 ms.
config::Config raced(Dialect second = Dialect::openai) {
  config::Config config = World::plain_config();
  config.providers[0].name = "a";
  config.providers.push_back(config.providers[0]);
  config.providers[1].name = "b";
  config.providers[1].dialects = {second};
  config.providers.push_back(config.providers[0]);
  config.providers[2].name = "c";
  config.models = {{"fast", {{"a", "m"}, {"b", "m"}, {"c", "m"}}}};
  config.models[0].order = config::Order::listed;
  config.models[0].hedge = config::Hedge{300};
  config.models[0].limits.concurrent = 4;
  config.providers[0].limits.concurrent = config.providers[1].limits.concurrent = 4;
  return config;
}

struct Raced : World {
  explicit Raced(const config::Config& given = raced()) : World(given) {}

  // Sends a request and waits for the second attempt.
  void begin(const std::string& body = streamed) {
    say(post("/v1/chat/completions", body));
    REQUIRE(until([&] { return targets.size() == 2; }));
    turn();
    REQUIRE(targets[1]->has("hi"));
  }
  void says(size_t target, std::string_view text) {
    targets[target]->stream->write(text);
    turn();
  }
  void check_over() {
    CHECK(cells().active_exchanges.get() == 0);
    CHECK(cells().active_streams.get() == 0);
    for (const config::Provider& provider : config.providers) {
      if (policy::Limit* const limit = limiter->of(&provider)) CHECK(limit->state(loop.now_ns()).in_use == 0);
    }
    CHECK(limiter->of(&config.models[0])->state(loop.now_ns()).in_use == 0);
    for (const char* const name : {"a/m", "b/m", "c/m"}) {
      const auto plan = router->plan("fast", {});
      for (const routing::Target& target : plan->targets) {
        if (target.label() == name) CHECK(target.health->in_flight() == 0);
      }
    }
  }
};

TEST_CASE("whose answer says something first is the caller's, and the other attempt is cancelled") {
  for (const size_t winner : {size_t{1}, size_t{0}}) {
    for (const bool stream : {true, false}) {
      Raced world;
      INFO("winner " << winner << ", stream " << stream);
      world.begin(stream ? streamed : chat);
      CHECK(world.caller->text.empty());
      // A response head or a role is no output.
      if (stream) world.says(1 - winner, sse_head + chunk(frame(R"("role":"assistant","content":"")")));
      CHECK(world.caller->text.empty());
      world.says(winner, stream ? stream_of("first") : ok_json(answer("first")));
      CHECK(world.caller->has("first"));
      CHECK(world.caller->has(std::string("sluice-target: ") + (winner == 1 ? "b/m" : "a/m")));
      CHECK(world.caller->has("sluice-attempts: 2"));
      CHECK(world.caller->text.find("HTTP/1.1", 1) == std::string::npos);
      world.turn();
      CHECK(world.targets[1 - winner]->ended);
      const std::string record = world.records();
      CHECK(record.find("outcome=ok") != std::string::npos);
      CHECK(record.find("output_tokens=7") != std::string::npos);
      CHECK(record.find(winner == 1 ? "a/m outrun" : "b/m outrun") != std::string::npos);
      CHECK(world.cells().hedges_total.get() == 1);
      CHECK(world.cells().hedges_won_total.get() == static_cast<int64_t>(winner));
      world.check_over();
      const auto plan = world.router->plan("fast", {});
      for (const routing::Target& target : plan->targets) {
        const routing::HealthState seen = target.health->state(world.loop.now_ms());
        CHECK(seen.failed == 0);
        const uint64_t due = target.label() == (winner == 1 ? "b/m" : "a/m") ? 1 : 0;
        CHECK(seen.succeeded == due);
      }
    }
  }
}

TEST_CASE("an error wins nothing") {
  const std::string error_frame = "data: {\"error\":{\"message\":\"overloaded\",\"code\":503}}\n\n";
  for (const std::string& error : {failure(400, "bad"), failure(503, "bad"), sse_head + chunk(error_frame),
                                   sse_head + chunk(error_frame) + "0\r\n\r\n", std::string("HTTX")}) {
    for (const size_t failing : {size_t{0}, size_t{1}}) {
      Raced world;
      INFO(error << " of " << failing);
      world.begin();
      world.says(failing, error);
      world.turn();
      CHECK(world.caller->text.empty());
      // If one fails, the other still answers.
      world.says(1 - failing, stream_of("whole"));
      CHECK(world.caller->has("whole"));
      CHECK(world.caller->has("data: [DONE]"));
      CHECK_FALSE(world.caller->has("overloaded"));
      CHECK_FALSE(world.caller->has("bad"));
      CHECK(world.records().find("outcome=ok") != std::string::npos);
      world.check_over();
    }
  }
}

TEST_CASE("where both fail, the caller has the first one's words, or the next target's answer") {
  for (const bool first_ends_first : {true, false}) {
    Raced world;
    world.begin();
    world.says(first_ends_first ? 0 : 1, failure(first_ends_first ? 400 : 422, first_ends_first ? "one" : "two"));
    CHECK(world.caller->text.empty());
    world.says(first_ends_first ? 1 : 0, failure(first_ends_first ? 422 : 400, first_ends_first ? "two" : "one"));
    CHECK(world.caller->has("HTTP/1.1 400 "));
    CHECK(world.caller->has("one"));
    CHECK_FALSE(world.caller->has("two"));
    world.check_over();
  }
  Raced world;
  world.begin();
  world.says(1, failure(503, "two"));
  world.says(0, failure(503, "one"));
  REQUIRE(world.until(
      [&] { return world.targets.size() == 3 || world.targets[0]->text.find("POST", 1) != std::string::npos; }));
  world.turn();
  world.targets.size() == 3 ? world.says(2, stream_of("later")) : world.says(0, stream_of("later"));
  CHECK(world.caller->has("later"));
  world.check_over();
}

TEST_CASE("a caller who leaves while two are asked leaves nothing behind") {
  Raced world;
  world.begin();
  world.caller->stream.reset();
  world.turn();
  CHECK(world.targets[0]->ended);
  CHECK(world.targets[1]->ended);
  const std::string records = world.records();
  CHECK(records.find("outcome=caller_gone") != std::string::npos);
  CHECK(records.find("b/m caller_gone 0") != std::string::npos);
  CHECK(records.find("outrun") == std::string::npos);  // neither has answered
  world.check_over();
}

TEST_CASE("an exchange is raced once, and only where another target may be asked") {
  Raced world;
  world.begin();
  world.until([&] { return world.caller->has("HTTP/1.1"); });  // neither answers before the exchange ends
  CHECK(world.cells().hedges_total.get() == 1);
  config::Config config = raced();
  config.models[0].targets.resize(1);
  Raced alone(config);
  alone.say(post("/v1/chat/completions", streamed));
  alone.until([&] { return alone.caller->has("HTTP/1.1"); });
  CHECK(alone.cells().hedges_total.get() == 0);
}

TEST_CASE("a target that cannot be asked beside the first one is asked behind it") {
  config::Config config = raced();
  config.models[0].targets.resize(2);
  config.providers[1].limits.concurrent = 1;
  Raced world(config);
  policy::Limit* const limit = world.limiter->of(&world.config.providers[1]);
  REQUIRE(limit != nullptr);
  policy::Bucket* bucket = nullptr;
  REQUIRE_FALSE(limit->take(0, world.loop.now_ns(), bucket));
  world.say(post("/v1/chat/completions", streamed));
  world.clock.pass_ms(400);
  world.turn();
  CHECK(world.targets.size() == 1);
  limit->give_back(*bucket, 0, 0, world.loop.now_ns());
  world.says(0, failure(503, "one"));
  REQUIRE(world.until([&] { return world.targets.size() == 2; }));
  world.turn();
  world.says(1, stream_of("behind"));
  CHECK(world.caller->has("behind"));
  CHECK(world.caller->has("sluice-target: b/m"));
  world.check_over();
}

TEST_CASE("a second attempt counts among those that an exchange may make") {
  config::Config config = raced();
  config.models[0].retry.attempts = 1;
  Raced one(config);
  one.say(post("/v1/chat/completions", streamed));
  one.until([&] { return one.caller->has("HTTP/1.1"); });
  CHECK(one.targets.size() == 1);
  config.models[0].retry.attempts = 2;
  Raced two(config);
  two.begin();
  two.says(0, failure(503, "one"));
  two.says(1, failure(503, "two"));
  CHECK(two.until([&] { return two.caller->has("HTTP/1.1 503"); }));
  CHECK(two.targets.size() == 2);
  CHECK(two.caller->has("sluice-attempts: 2"));
  two.check_over();
}

TEST_CASE("the answer of a second attempt in another dialect is the caller's in his own") {
  Raced world(raced(Dialect::anthropic));
  world.begin(chat);
  CHECK(world.targets[1]->has("POST /v1/messages"));
  world.says(1, ok_json(R"({"id":"m","type":"message","role":"assistant","model":"c","content":[{"type":"text",)"
                        R"("text":"yes"}],"stop_reason":"end_turn","usage":{"input_tokens":5,"output_tokens":7}})"));
  CHECK(world.caller->has("\"content\":\"yes\""));
  CHECK(world.targets[0]->ended);
  world.check_over();
}

TEST_CASE("a stream that a heartbeat has begun goes on with whichever answer comes first") {
  for (const size_t winner : {size_t{0}, size_t{1}}) {
    Raced world;
    world.begin();
    REQUIRE(world.until([&] { return world.caller->has(": keep-alive\n"); }));
    world.says(winner, stream_of("late"));
    CHECK(world.caller->has("late"));
    CHECK(world.caller->text.find("HTTP/1.1", 1) == std::string::npos);
    CHECK(world.caller->text.ends_with("\r\n0\r\n\r\n"));
    world.check_over();
  }
}

TEST_CASE("an answer that has won is gone on with elsewhere, should it break off") {
  Raced world;
  world.begin();
  world.says(1, sse_head + chunk(frame(R"("content":"One two")")));
  CHECK(world.caller->has("One two"));
  world.targets[1]->stream.reset();
  REQUIRE(world.until([&] { return world.targets.size() == 3; }));
  world.turn();
  world.says(2, stream_of("One two three"));
  CHECK(world.caller->has("three"));
  CHECK(world.caller->text.ends_with("\r\n0\r\n\r\n"));
  const std::string record = world.records();
  CHECK(record.find("rescued") != std::string::npos);
  CHECK(record.find("attempts=3") != std::string::npos);
  world.check_over();
}

TEST_CASE("what a route may send twice is bounded") {
  routing::HedgeBudget budget;
  budget.asked();
  CHECK(budget.take(0));  // one in ten seconds
  CHECK_FALSE(budget.take(9'999));
  CHECK(budget.take(10'000));
  for (int i = 0; i < 999; ++i) budget.asked();
  int taken = 0;
  while (budget.take(10'001)) ++taken;
  CHECK(taken == 48);  // 50 allowed, less the two taken
  for (int i = 0; i < 999; ++i) budget.asked();
  taken = 0;
  while (budget.take(10'002)) ++taken;
  CHECK(taken == 2);  // the first two are forgotten
  budget.asked();
  taken = 0;
  while (budget.take(10'003)) ++taken;
  CHECK(taken == 48);
}

}  // namespace
}  // namespace sluice::gateway
