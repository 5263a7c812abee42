// What counts as a failure of a target, or of sluice, through a whole exchange.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "alerts/alerts.h"
#include "world.h"

namespace sluice::gateway {
namespace {

std::string failures_after(World& world, const std::string& target_says) {
  alerts::FailureTally tally;
  world.context->failures = &tally;
  world.say(post("/v1/chat/completions", R"({"model":"fast","messages":[]})"));
  world.target_says(target_says);
  world.targets.back()->stream.reset();
  world.turn();
  std::string text;
  tally.for_each([&text](const alerts::NotedFailure& failure) {
    text += std::string(failure.subject) + " " + std::string(failure.code) + " " + std::to_string(failure.count) +
            ": " + std::string(failure.reason) + "\n";
  });
  world.context->failures = nullptr;
  return text;
}

std::string status_answer(int status) {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\ncontent-length: 2\r\n\r\n{}";
}

TEST_CASE("a target fails by breaking off, by 5xx, by a limit, and by not taking our key") {
  struct Row {
    std::string target_says, failures;
  };
  const std::vector<Row> rows = {
      {status_answer(200), ""},
      {status_answer(400), ""},
      {status_answer(404), ""},
      {status_answer(429), "lab/real-model target_rate_limited 1: answered with status 429\n"},
      {status_answer(401), "lab/real-model target_unauthorized 1: answered with status 401\n"},
      {status_answer(402), "lab/real-model target_quota 1: answered with status 402\n"},
      {status_answer(500), "lab/real-model target_error 1: answered with status 500\n"},
      {status_answer(529), "lab/real-model target_error 1: answered with status 529\n"},
  };
  for (const Row& row : rows) {
    World world;
    INFO(row.target_says);
    CHECK(failures_after(world, row.target_says) == row.failures);
  }
  World broken, cut, garbage;
  CHECK(failures_after(broken, "").starts_with("lab/real-model target_broke 1: lab/real-model: "));
  CHECK(failures_after(cut, "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf")
            .starts_with("lab/real-model target_cut 1: "));
  CHECK(failures_after(garbage, "nonsense\r\n\r\n").starts_with("lab/real-model target_broke 1: "));
}

TEST_CASE("an error within a 200 has a status of its own, and the target's words") {
  const std::string body = R"({"error":{"message":"full","type":"overloaded_error","param":null,"code":"overloaded"}})";
  World world;
  world.say(post("/v1/chat/completions", R"({"model":"fast","messages":[]})"));
  world.target_says("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: " +
                    std::to_string(body.size()) + "\r\n\r\n" + body);
  world.targets.back()->stream.reset();
  world.until([&] { return world.caller->has("overloaded_error"); });
  CHECK(world.caller->has("HTTP/1.1 503 "));
  CHECK(world.caller->has(body));
}

TEST_CASE("a key that the caller brings is the caller's to mend") {
  config::Config config = World::plain_config();
  config.providers[0].caller_key = true;
  World world(config);
  CHECK(failures_after(world, status_answer(401)).empty());
}

TEST_CASE("what callers do wrong, and going down, is no failure") {
  World world;
  alerts::FailureTally tally;
  world.context->failures = &tally;
  world.say(post("/v1/chat/completions", "{"));
  world.say(post("/v1/nowhere", "{}"));
  world.say(post("/v1/chat/completions", R"({"model":"lab/m","messages":[]})"));
  world.caller.reset();  // leaves
  world.turn();
  world.draining = true;
  world.connect();
  world.say(post("/v1/chat/completions", R"({"model":"lab/m","messages":[]})"));
  CHECK(tally.empty());
  world.context->failures = nullptr;
}

TEST_CASE("a queue that is full is a failure of sluice's own") {
  config::Config config = World::plain_config();
  config.providers[0].max_connections = 1;
  config.limits.queue = 0;
  World world(config);
  alerts::FailureTally tally;
  world.context->failures = &tally;
  const std::string request = post("/v1/chat/completions", R"({"model":"lab/m","messages":[]})");
  world.say(request);
  const auto first = std::move(world.caller);
  world.connect();
  world.say(request);
  CHECK(world.until([&] { return world.caller->has("HTTP/1.1 503"); }));
  size_t seen = 0;
  tally.for_each([&](const alerts::NotedFailure& failure) {
    ++seen;
    CHECK(failure.subject == alerts::own_subject);
    CHECK(failure.code == "overloaded");
  });
  CHECK(seen == 1);
  world.context->failures = nullptr;
}

}  // namespace
}  // namespace sluice::gateway
