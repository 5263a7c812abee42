// Token counts that sluice estimates, and answers that it keeps, were served beyond the limits of their key.
#include <catch2/catch.hpp>

#include "gateway/world.h"
#include "storage/memory_store.h"

namespace sluice::gateway {
namespace {

config::Config limited_config(uint32_t queue_ms = 0) {
  config::Config config = World::plain_config();
  config.providers[0].dialects = {Dialect::openai};  // counts no tokens, keeps no answers
  config.providers[0].limits.requests_per_minute = 1;
  config.keys.resize(1);
  config.keys[0].name = "team";
  config.keys[0].key = "team-secret";
  config.keys[0].limits.requests_per_minute = 2;
  config.keys[0].limits.queue_ms = queue_ms;
  return config;
}

const std::string as_limited_team = "Authorization: Bearer team-secret\r\n";
const std::string count_request = post(
    "/v1/messages/count_tokens", R"({"model":"fast","messages":[{"role":"user","content":"x"}]})", as_limited_team);

TEST_CASE("an estimate takes a request of its key's limit, and nothing of the provider's") {
  World world(limited_config());
  for (const char* status : {"200 OK", "200 OK", "429 "}) {
    world.connect();
    world.say(count_request);
    INFO(world.caller->text);
    CHECK(world.caller->text.starts_with(std::string("HTTP/1.1 ") + status));
  }
  CHECK(world.targets.empty());
}

TEST_CASE("a kept answer takes a request of its key's limit; if there is none left, DELETE deletes nothing") {
  storage::MemoryStore store{storage::MemoryStoreBounds{}, [] { return test::fixed_time_s(); }};
  World world(limited_config());
  world.context->answers = &store;
  store.put("key team", "resp_1", {"{}", "", "", ""});
  const auto ask = [&](const std::string& method) {
    world.connect();
    world.say(method + " /v1/responses/resp_1 HTTP/1.1\r\nhost: x\r\n" + as_limited_team + "\r\n");
    return world.caller->text.substr(0, 13);
  };
  CHECK(ask("GET") == "HTTP/1.1 200 ");
  CHECK(ask("GET") == "HTTP/1.1 200 ");
  CHECK(ask("GET") == "HTTP/1.1 429 ");
  CHECK(ask("DELETE") == "HTTP/1.1 429 ");
  CHECK(store.size() == 1);
  CHECK(world.targets.empty());
}

TEST_CASE("it waits for its turn where others would") {
  config::Config config = limited_config(5'000);
  config.keys[0].limits.requests_per_minute = 6'000;  // one every 10 ms
  config.keys[0].limits.burst = 1;
  World world(config);
  world.say(count_request);
  world.connect();
  world.say(count_request);
  CHECK(world.caller->text.empty());
  CHECK(world.until([&] { return world.caller->text.starts_with("HTTP/1.1 200 OK"); }));
  CHECK(world.targets.empty());
}

}  // namespace
}  // namespace sluice::gateway
