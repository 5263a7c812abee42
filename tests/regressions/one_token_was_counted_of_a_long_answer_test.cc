// A caller that sent "max_output_tokens": 1 to chat completions, whose targets ignore it, and left before the usage was
// charged one token for any answer. Other numbers were read in two ways: 1e3 bounded an answer only between dialects.
#include <catch2/catch.hpp>

#include "gateway/token_count.h"
#include "gateway/world.h"

namespace sluice::gateway {
namespace {

// What is left of the key's tokens after a stream of `frames` that its caller left.
uint64_t tokens_counted(std::string_view path, const std::string& body, int frames) {
  config::Config config = World::plain_config();
  config.keys.resize(1);
  config.keys[0].name = "team";
  config.keys[0].key = "team-secret";
  config.keys[0].limits.tokens_per_minute = 1'000'000;
  World world(config);
  world.say(post(path, body, "Authorization: Bearer team-secret\r\n"));
  REQUIRE(world.targets.size() == 1);
  world.target_says("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n");
  for (int i = 0; i < frames; ++i) {
    world.target_says("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" + std::string(950, 'a') +
                      "\"}}]}\n\n");
  }
  world.caller->stream.reset();
  world.turn();
  return 1'000'000 - world.limiter->of(&world.config.keys[0])->state(world.loop.now_ns()).tokens.remaining;
}

TEST_CASE("a field of another dialect bounds no count") {
  const std::string chat = "/v1/chat/completions";
  CHECK(tokens_counted(chat, R"({"model":"fast","stream":true,"max_output_tokens":1})", 100) > 6'000);
  CHECK(tokens_counted(chat, R"({"model":"fast","stream":true})", 100) > 6'000);
  const uint64_t bounded = tokens_counted(chat, R"({"model":"fast","stream":true,"max_tokens":500})", 100);
  CHECK(bounded > 500);
  CHECK(bounded < 600);
  const uint64_t each = tokens_counted(chat, R"({"model":"fast","stream":true,"max_tokens":5e2,"n":2})", 100);
  CHECK(each > 1'000);
  CHECK(each < 1'100);
}

TEST_CASE("a bound that the target did not keep to bounds no count below a token for 512 bytes") {
  const uint64_t ignored =
      tokens_counted("/v1/chat/completions", R"({"model":"fast","stream":true,"max_tokens":1})", 100);
  CHECK(ignored > 190);
  CHECK(ignored < 250);
}

}  // namespace
}  // namespace sluice::gateway
