// A provider with several credentials: a refused one is benched, and the request is repeated with the next.
#include <catch2/catch.hpp>
#include <map>

#include "world.h"

namespace sluice::gateway {
namespace {

const std::string chat = R"({"model":"fast","messages":[{"role":"user","content":"hi"}]})";
const std::string answer =
    R"({"id":"x","model":"b-1","choices":[{"index":0,"message":{"role":"assistant","content":"yes"},)"
    R"("finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":7}})";

std::string failure(int status, std::string_view body, std::string_view fields = "") {
  return "HTTP/1.1 " + std::to_string(status) + " No\r\ncontent-type: application/json\r\n" + std::string(fields) +
         "content-length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

const std::string key_one = "sk-first-0001", key_two = "sk-second-0002";
// "fast": first "a", whose second key is used only while the first is benched, then "b".
config::Config two_keys() {
  config::Config config = World::plain_config();
  config.providers[0].name = "a";
  config.providers.push_back(config.providers[0]);
  config.providers[1].name = "b";
  config::Provider& a = config.providers[0];
  a.api_key = key_one;
  a.api_keys = {{key_one, 1}, {key_two, 0}};
  config.models = {{"fast", {{"a", "m"}, {"b", "m"}}}};
  config.models[0].order = config::Order::listed;
  return config;
}

std::string bearer(const std::string& key) { return "authorization: Bearer " + key + "\r\n"; }

TEST_CASE("a key that is refused, unpaid or told to wait gives way to the next one, and is left alone for so long") {
  struct Row {
    std::string first;
    uint64_t for_ms;
    const char* record;
  };
  for (const Row& row : std::vector<Row>{
           {failure(401, R"({"error":{"message":"no","code":"invalid_api_key"}})"), 60'000, "target_unauthorized 401"},
           {failure(403, R"({"error":{"message":"no"}})"), 10'000, "target_unauthorized 403"},
           {failure(400, R"({"error":{"message":"no","code":"insufficient_quota"}})"), 300'000, "target_quota 400"},
           {failure(429, R"({"error":{"message":"no"}})", "retry-after: 20\r\n"), 20'000, "target_rate_limited 429"},
           {failure(429, R"({"error":{"message":"no"}})", "retry-after: 1\r\n"), 1'000, "target_rate_limited 429"},
       }) {
    World world(two_keys());
    INFO(row.record << row.for_ms);
    world.say(post("/v1/chat/completions", chat));
    REQUIRE(world.targets.size() == 1);
    CHECK(world.target().has(bearer(key_one)));
    world.target().text.clear();
    world.target_says(row.first);
    world.turn();
    CHECK(world.targets.size() == 1);  // immediately, on the open connection
    CHECK(world.target().has(bearer(key_two)));
    world.target_says(ok_json(answer));
    CHECK(world.caller->has("sluice-target: a/m\r\nsluice-attempts: 2\r\n"));
    const std::string records = world.records();
    INFO(records);
    CHECK(records.find("a/m " + std::string(row.record)) != std::string::npos);
    CHECK(records.find("key 1: no\"") != std::string::npos);
    CHECK(records.find("target_key=2") != std::string::npos);
    CHECK(records.find("sk-") == std::string::npos);
    const auto asked_with = [&](const std::string& key) {
      world.target().text.clear();
      world.connect();
      world.say(post("/v1/chat/completions", chat));
      const bool is = world.target().has(bearer(key));
      world.target_says(ok_json(answer));
      return is;
    };
    world.clock.pass_ms(row.for_ms - 100);
    CHECK(asked_with(key_two));
    world.clock.pass_ms(100);
    CHECK(asked_with(key_one));
  }
}

TEST_CASE("where all keys are refused, the next target answers, and the provider is asked no more for that time") {
  World world(two_keys());
  world.say(post("/v1/chat/completions", chat));
  world.target_says(failure(401, R"({"error":{"message":"no"}})"));
  world.target_says(failure(401, R"({"error":{"message":"no"}})"));
  REQUIRE(world.targets.size() == 2);
  CHECK(world.target().has("host: "));
  world.target_says(ok_json(answer));
  CHECK(world.caller->has("sluice-target: b/m\r\nsluice-attempts: 3\r\n"));
  world.caller->text.clear();
  world.say(post("/v1/chat/completions", chat));
  world.target_says(ok_json(answer));
  CHECK(world.caller->has("sluice-target: b/m\r\nsluice-attempts: 1\r\n"));
}

TEST_CASE(
    "what names no model goes with the first key that may be used, and what was made with one is asked for with it") {
  config::Config config = two_keys();
  config.providers.resize(1);
  config.models[0].targets.pop_back();
  World world(std::move(config));
  world.say(post("/v1/files", "{}"));
  CHECK(world.target().has(bearer(key_one)));
  world.target().text.clear();
  world.target_says(
      failure(401, R"({"error":{"message":"no"}})"));  // a rejected key did nothing, so the next may be tried
  world.turn();
  CHECK(world.target().has(bearer(key_two)));
  CHECK(world.caller->text.empty());
  world.target_says(ok_json(R"({"id":"file-123456"})"));
  world.clock.pass_ms(60'000);
  const auto asked_with = [&](const std::string& path, const std::string& key) {
    world.connect();
    world.say("GET " + path + " HTTP/1.1\r\nhost: x\r\n\r\n");
    const std::string& heard = world.target().text;
    const bool is = heard.rfind(bearer(key)) != std::string::npos && heard.rfind(bearer(key)) > heard.rfind("GET ");
    world.target_says(ok_json(any_answer));
    return is;
  };
  CHECK(asked_with("/v1/files/file-123456", key_two));
  CHECK(asked_with("/v1/files/file-654321", key_one));
}

TEST_CASE("a change of key takes no attempt away from another target, and is bounded") {
  config::Config config = two_keys();
  config.models[0].retry.attempts = 2;
  World world(std::move(config));
  world.say(post("/v1/chat/completions", chat));
  world.target_says(failure(401, R"({"error":{"message":"no"}})"));
  world.target_says(failure(401, R"({"error":{"message":"no"}})"));
  REQUIRE(world.until([&] { return world.targets.size() == 2; }));
  world.turn();
  world.target_says(ok_json(answer));
  CHECK(world.caller->has("sluice-target: b/m\r\nsluice-attempts: 3\r\n"));

  config::Config many = two_keys();
  many.providers[0].api_keys.clear();
  for (int i = 0; i < 10; ++i) many.providers[0].api_keys.push_back({"sk-number-" + std::to_string(i), 1});
  many.models[0].targets.pop_back();
  many.models[0].retry.attempts = 1;
  World bounded(std::move(many));
  bounded.say(post("/v1/chat/completions", chat));
  for (int i = 0; i < 20 && bounded.caller->text.empty(); ++i) {
    bounded.target_says(failure(401, R"({"error":{"message":"no"}})"));
    bounded.turn();
  }
  CHECK(bounded.caller->has("HTTP/1.1 401"));
  CHECK(bounded.caller->has("sluice-attempts: 5\r\n"));
}

TEST_CASE("keys are used by their weight, and the same one for the same affinity") {
  config::Config config = two_keys();
  config.providers[0].api_keys[1].weight = 3;
  World world(std::move(config));
  std::map<std::string, int> with;
  for (int i = 0; i < 200; ++i) {
    world.say(post("/v1/chat/completions", chat));
    for (const std::string& key : {key_one, key_two}) with[key] += world.target().has(bearer(key)) ? 1 : 0;
    world.target().text.clear();
    world.target_says(ok_json(answer));
  }
  CHECK(with[key_one] + with[key_two] == 200);
  CHECK(with[key_one] > 25);
  CHECK(with[key_one] < 75);
}

TEST_CASE("a target that quotes any of the keys is not heard saying so") {
  World world(two_keys());
  world.say(post("/v1/chat/completions", chat));
  world.target_says(failure(400, R"({"error":{"message":"bad key )" + key_two + R"("}})"));
  CHECK(world.caller->has("bad key "));
  CHECK_FALSE(world.caller->has(key_two));
  CHECK(world.records().find(key_two) == std::string::npos);
}

}  // namespace
}  // namespace sluice::gateway
