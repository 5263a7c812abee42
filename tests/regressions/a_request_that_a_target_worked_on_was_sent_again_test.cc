// A target took the whole POST on a kept connection, worked on it for 1.5 s and hung up: sluice sent it again on a new
// connection and reported one attempt. A request that the target may have taken is not sent twice, and each sending is
// counted as an attempt.
#include <catch2/catch.hpp>

#include "gateway/world.h"

namespace sluice::gateway {
namespace {

const std::string question = R"({"model":"fast","messages":[]})";

// Gets the caller one answer, so that the pool keeps a connection.
void warm_up(World& world) {
  world.say(post("/v1/chat/completions", question));
  world.target_says(ok_json(any_answer));
  REQUIRE(world.pools.idle == 1);
  world.caller->text.clear();
}

// Turns the loop for `ms`.
void wait(World& world, uint64_t ms) {
  bool over = false;
  net::Timer timer(world.loop, [&over] { over = true; });
  timer.start(ms);
  REQUIRE(world.until([&over] { return over; }));
}

TEST_CASE("a target that hangs up after it has worked on a request does not get it again") {
  World world;
  warm_up(world);
  world.say(post("/v1/chat/completions", question));
  wait(world, 60);
  world.target().stream.reset();
  REQUIRE(world.until([&] { return world.caller->has("HTTP/1.1 "); }));
  CHECK(world.targets.size() == 1);
  CHECK(world.caller->has("HTTP/1.1 502 "));
  CHECK(world.caller->has("sluice-attempts: 1\r\n"));
}

TEST_CASE("a connection that was closed before the request came is replaced, and that is told") {
  World world;
  warm_up(world);
  world.caller->stream->write(post("/v1/chat/completions", question));
  for (int i = 0; i < 60 && world.pools.idle == 1; ++i) world.loop.run_once(false);
  world.target().stream.reset();
  REQUIRE(world.until([&] { return world.targets.size() == 2; }));
  REQUIRE(world.until([&] { return world.target().has(R"("messages":[]})"); }));
  world.target_says(ok_json(any_answer));
  CHECK(world.caller->has("HTTP/1.1 200 "));
  CHECK(world.caller->has("sluice-attempts: 2\r\n"));
  CHECK(world.records().find("attempts=2") != std::string::npos);
}

TEST_CASE("one who waited for a connection and got a dead one is not punished for it") {
  config::Config config = World::plain_config();
  config.providers[0].max_connections = 1;
  World world(config);
  world.say(post("/v1/chat/completions", question));
  const std::unique_ptr<Peer> first = std::move(world.caller);
  world.connect();
  world.say(post("/v1/chat/completions", question));
  REQUIRE(world.pools.waiting == 1);
  world.targets[0]->stream->write(ok_json(any_answer));
  for (int i = 0; i < 60 && world.pools.waiting == 1; ++i) world.loop.run_once(false);
  world.targets[0]->stream.reset();
  REQUIRE(world.until([&] { return world.targets.size() == 2; }));
  REQUIRE(world.until([&] { return world.target().has(R"("messages":[]})"); }));
  world.target_says(ok_json(any_answer));
  CHECK(first->has("HTTP/1.1 200 "));
  CHECK(world.caller->has("HTTP/1.1 200 "));
  CHECK(world.caller->has("sluice-attempts: 2\r\n"));
}

TEST_CASE("an upload that went on as it came is never sent again") {
  World world;
  warm_up(world);
  const std::string begin =
      "--b\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\nfast\r\n--b\r\n"
      "content-disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n";
  world.say(
      "POST /v1/audio/transcriptions HTTP/1.1\r\nHost: s\r\nContent-Type: multipart/form-data; boundary=b\r\n"
      "Content-Length: 1000\r\n\r\n" +
      begin);
  world.caller->stream->write("more");
  world.turn();
  world.target().stream.reset();
  REQUIRE(world.until([&] { return world.caller->has("HTTP/1.1 "); }));
  CHECK(world.targets.size() == 1);
  CHECK(world.caller->has("HTTP/1.1 502 "));
}

}  // namespace
}  // namespace sluice::gateway
