// With a wrong key, SDKs and agents retried over and over (Claude Code for 188 s without a word), because nothing told
// them that a retry would not help; and callers in Gemini's dialect were not told when to retry.
#include <catch2/catch.hpp>

#include "api/error_body.h"
#include "gateway/world.h"

namespace sluice::gateway {
namespace {

constexpr std::string_view lasting = "x-should-retry: false\r\n";

std::string ask(World& world, std::string_view path, std::string_view body, std::string_view fields) {
  world.connect();
  world.say(post(path, body, fields));
  return world.caller->text;
}

std::string relayed(std::string_view answer) {
  World world;
  world.say(post("/v1/chat/completions", R"({"model":"fast","messages":[]})"));
  REQUIRE(world.targets.size() == 1);
  while (!answer.empty()) {  // in two parts, each read in a separate turn
    const size_t most = answer.size() > 40 ? answer.size() - 20 : answer.size();
    world.target_says(answer.substr(0, most));
    answer.remove_prefix(most);
  }
  return world.caller->text;
}

std::string answer(int status, std::string_view body, std::string_view fields = "") {
  return "HTTP/1.1 " + std::to_string(status) + " Word\r\ncontent-type: application/json\r\n" + std::string(fields) +
         "content-length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

size_t count(std::string_view text, std::string_view part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST_CASE("our own lasting errors say that they are, others do not") {
  config::Config config = World::plain_config();
  config.keys.resize(1);
  config.keys[0].name = "a";
  config.keys[0].key = "key-of-a-0123456789";
  config.keys[0].limits.requests_per_minute = 2;
  config.keys[0].limits.burst = 2;
  World world(config);
  const std::string_view good = "x-api-key: key-of-a-0123456789\r\n";
  const std::string_view question = R"({"model":"fast","messages":[]})";
  CHECK(count(ask(world, "/v1/messages", question, "x-api-key: wrong\r\n"), lasting) == 1);
  CHECK(count(ask(world, "/v1/messages", question, ""), lasting) == 1);
  CHECK(count(ask(world, "/v1/messages", "{", good), lasting) == 1);
  CHECK(count(ask(world, "/v1/nowhere", question, good), lasting) == 1);
  CHECK(count(ask(world, "/v1/messages", R"({"model":"none","messages":[]})", good), lasting) == 1);
  ask(world, "/v1/messages", question, good);
  ask(world, "/v1/messages", question, good);
  const std::string limited = ask(world, "/v1beta/models/fast:generateContent", "{}", good);
  CHECK(limited.starts_with("HTTP/1.1 429 "));
  CHECK(count(limited, "x-should-retry") == 0);
  const size_t at = limited.find("retry-after: ");
  REQUIRE(at != limited.npos);
  const std::string seconds = limited.substr(at + 13, limited.find("\r\n", at) - at - 13);
  CHECK(limited.find(R"("details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":")" + seconds +
                     "s\"}]") != limited.npos);
  world.draining = true;
  const std::string draining = ask(world, "/v1beta/models/fast:generateContent", "{}", good);
  CHECK(draining.starts_with("HTTP/1.1 503 "));
  CHECK(count(draining, "retry-after: 1\r\n") == 1);
  CHECK(count(draining, "\"retryDelay\":\"1s\"") == 1);
  CHECK(count(draining, "x-should-retry") == 0);
}

TEST_CASE("a target's lasting errors are marked, and what it says itself passes") {
  for (const int status : {400, 401, 402, 403, 404, 413, 422, 501}) {
    CAPTURE(status);
    CHECK(count(relayed(answer(status, "{\"error\":{}}")), lasting) == 1);
    CHECK(count(relayed(answer(status, "{\"error\":{}}", "x-should-retry: true\r\n")), lasting) == 0);
  }
  for (const int status : {200, 408, 409, 429, 500, 502, 503, 529}) {
    CAPTURE(status);
    CHECK(count(relayed(answer(status, "{\"error\":{}}")), "x-should-retry") == 0);
    CHECK(count(relayed(answer(status, "{\"error\":{}}", "x-should-retry: false\r\n")), lasting) == 1);
  }
}

TEST_CASE("a 429 that means money is lasting, however its body comes") {
  const std::string_view spent =
      R"({"error":{"message":"You exceeded","type":"insufficient_quota","code":"insufficient_quota"}})";
  const std::string marked = relayed(answer(429, spent, "retry-after: 5\r\n"));
  CHECK(count(marked, lasting) == 1);
  CHECK(marked.ends_with(spent));
  CHECK(marked.starts_with("HTTP/1.1 429 Word\r\n"));
  CHECK(count(marked, "retry-after: 5\r\n") == 1);
  CHECK(count(relayed(answer(429, spent, "x-should-retry: true\r\n")), lasting) == 0);
  const std::string long_body = "{\"error\":{\"message\":\"" + std::string(100'000, 'a') + "\"}}";
  const std::string passed = relayed(answer(429, long_body));
  CHECK(passed.ends_with(long_body));
  CHECK(count(passed, "x-should-retry") == 0);
  // Cut in the middle: what it would have said is unknown, and no half of it is sent.
  World world;
  world.say(post("/v1/chat/completions", R"({"model":"fast","messages":[]})"));
  world.target_says(answer(429, spent).substr(0, 150));
  world.target().stream.reset();
  world.turn();
  CHECK(world.caller->text.starts_with("HTTP/1.1 502 "));
  CHECK(count(world.caller->text, "exceeded") == 0);
}

}  // namespace
}  // namespace sluice::gateway
