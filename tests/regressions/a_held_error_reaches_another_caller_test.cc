// The body of a 429 is held until it shows whether waiting helps. It was held in a write buffer that all exchanges of a
// worker share, so another caller's answer could have carried it away.
#include <catch2/catch.hpp>

#include "gateway/world.h"

namespace sluice::gateway {
namespace {

TEST_CASE("what is held of one caller's answer never goes out with another's") {
  World world;
  const std::string sse = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
  const std::string event = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
  world.say(post("/v1/chat/completions", R"({"model":"fast","stream":true,"stream_options":{"include_usage":true}})"));
  REQUIRE(world.targets.size() == 1);
  world.target_says(sse);
  const std::unique_ptr<Peer> other = std::move(world.caller);
  world.connect();
  world.say(post("/v1/chat/completions", R"({"model":"fast"})"));
  REQUIRE(world.targets.size() == 2);
  world.target_says(
      "HTTP/1.1 429 Too Many Requests\r\ncontent-type: application/json\r\ncontent-length: 21\r\n\r\n{\"error\":");
  world.targets[0]->stream->write("2f\r\n" + event + "\r\n");
  world.turn();
  CHECK(event.size() == 0x2f);
  CHECK(other->has(event));
  CHECK_FALSE(other->has("error"));
  world.target_says("\"private\"}xx");
  CHECK(world.caller->text.ends_with("{\"error\":\"private\"}xx"));
  CHECK_FALSE(other->has("private"));
}

}  // namespace
}  // namespace sluice::gateway
