// 24 callers with bodies of 31 MB each took 771 MB, and nothing limited how many there could be. A head that announced
// 32 MB reserved them before a byte of the body had arrived.
#include <catch2/catch.hpp>

#include "gateway/world.h"

namespace sluice::gateway {
namespace {

config::Config with_buffered(uint64_t bytes) {
  config::Config config = World::plain_config();
  config.limits.buffered_bytes = bytes;
  return config;
}

std::string begin_of(size_t announced, size_t sent) {
  const std::string start = R"({"model":"fast","x":")";
  return "POST /v1/chat/completions HTTP/1.1\r\nHost: s\r\nContent-Length: " + std::to_string(announced) + "\r\n\r\n" +
         start + std::string(sent - start.size(), 'x');
}

TEST_CASE("bodies are taken up to limits.buffered_mb, the next is told to come again, and all is given back") {
  World world(with_buffered(1 << 20));
  for (int round = 0; round < 3; ++round) {
    world.connect();
    const std::unique_ptr<Peer> first = std::move(world.caller);
    first->stream->write(begin_of(900'000, 800'000));
    world.turn();
    CHECK(world.buffers.used() >= 800'000);
    CHECK(world.buffers.used() <= 1 << 20);
    world.connect();
    world.say(begin_of(500'000, 400'000));
    CHECK(world.caller->has("HTTP/1.1 503 "));
    CHECK(world.caller->has("retry-after: 1\r\n"));
    CHECK(world.caller->has("limits.buffered_mb"));
    world.connect();
    world.say(post("/v1/chat/completions", R"({"model":"fast"})"));  // a small one still fits
    world.target_says(ok_json(any_answer));
    CHECK(world.caller->has("200 OK"));
    first->stream.reset();  // leaves mid-request
    world.turn();
    CHECK(world.buffers.used() == 0);
    CHECK(world.budget.taken() <= 3 * BufferShare::portion_bytes);
  }
}

TEST_CASE("a head that announces much takes little") {
  World world;
  world.say("POST /v1/chat/completions HTTP/1.1\r\nHost: s\r\nContent-Length: 33000000\r\n\r\n{");
  CHECK(world.buffers.used() <= 70 * 1024);
}

TEST_CASE("what is given back is there for other workers") {
  BufferBudget budget;
  budget.set_most(10 << 20);
  {
    BufferShare one(budget), two(budget);
    CHECK(one.take(9 << 20));
    CHECK_FALSE(two.take(2 << 20));
    CHECK(two.used() == 0);
    CHECK(two.take(1000));
    one.give(9 << 20);
    CHECK(two.take(9 << 20));
    CHECK_FALSE(one.take(2 << 20));
    two.give((9 << 20) + 1000);
  }
  CHECK(budget.taken() == 0);
}

TEST_CASE("nesting of any depth is passed on without memory for it") {
  World world;
  const std::string deep = "{\"model\":\"fast\",\"a\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}";
  world.say(post("/v1/chat/completions", deep));
  world.turn(400);
  REQUIRE(world.targets.size() == 1);
  CHECK(world.target().text.size() > deep.size());
}

}  // namespace
}  // namespace sluice::gateway
