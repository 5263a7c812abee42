// With metrics.by_key, /metrics shows whose requests they were, how they ended and what they used.
#include <catch2/catch.hpp>

#include "gateway/world.h"

namespace sluice::gateway {
namespace {

config::Config two_keys(bool by_key) {
  config::Config config = World::plain_config();
  config.keys.resize(2);
  config.keys[0].name = "team";
  config.keys[0].key = "team-key-0123456789";
  config.keys[1].name = "other \"team\"";
  config.keys[1].key = "other-key-0123456789";
  config.metrics_by_key = by_key;
  return config;
}

void ask(World& world, const std::string& key, std::string_view model, const std::string& answer) {
  world.connect();
  world.say(post("/v1/chat/completions", R"({"model":")" + std::string(model) + "\"}",
                 "Authorization: Bearer " + key + "-key-0123456789\r\n"));
  if (!answer.empty()) world.target_says(answer);
}

TEST_CASE("requests and tokens are counted by callers' keys where that is asked for") {
  for (const bool by_key : {true, false}) {
    World world(two_keys(by_key));
    const std::string fine = ok_json(R"({"choices":[{"index":0,"finish_reason":"stop"}],)"
                                     R"("usage":{"prompt_tokens":7,"completion_tokens":3}})");
    ask(world, "team", "fast", fine);
    ask(world, "team", "fast", fine);
    ask(world, "team", "fast", "HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n");
    ask(world, "team", "none/such", "");
    ask(world, "other", "fast", fine);
    ask(world, "wrong", "fast", "");  // counts for no key
    const std::string page = world.metrics.page();
    INFO(page);
    const auto has = [&page](std::string_view line) { return page.find(line) != page.npos; };
    CHECK(has("sluice_key_requests_total{key=\"team\",result=\"ok\"} 2\n") == by_key);
    CHECK(has("sluice_key_requests_total{key=\"team\",result=\"failed\"} 1\n") == by_key);
    CHECK(has("sluice_key_requests_total{key=\"team\",result=\"refused\"} 1\n") == by_key);
    CHECK(has("sluice_key_requests_total{key=\"other \\\"team\\\"\",result=\"ok\"} 1\n") == by_key);
    CHECK(has("sluice_key_tokens_total{key=\"team\",kind=\"input\"} 14\n") == by_key);
    CHECK(has("sluice_key_tokens_total{key=\"team\",kind=\"output\"} 6\n") == by_key);
    CHECK(has("key=\"team\"") == by_key);
  }
}

}  // namespace
}  // namespace sluice::gateway
