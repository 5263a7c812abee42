// A reload removed a listener, and with it the requirement that callers from outside present a key. Callers who had
// connected before were still served, without a key.
#include <array>
#include <catch2/catch.hpp>

#include "gateway/world.h"

namespace sluice::gateway {
namespace {

constexpr std::array<uint32_t, 1> other_listener = {7};  // callers of a World arrive on listener 0

std::string ask() { return post("/v1/chat/completions", "{\"model\":\"fast\",\"messages\":[]}"); }

TEST_CASE("a request that brings the worker to the new configuration is not served by it if its listener is gone") {
  World world;
  std::atomic<uint64_t> generation{1};
  world.dispatcher->follow(generation, [&world]() -> Context& {
    world.connections->keep_only(other_listener);
    return *world.context;
  });
  world.connect();
  ++generation;
  world.say(ask() + ask());
  CHECK(world.targets.empty());
  CHECK(world.caller->text.starts_with("HTTP/1.1 503 "));
  CHECK(world.caller->has("connection: close\r\n"));
  CHECK(world.caller->text.find("HTTP/1.1", 1) == std::string::npos);
  CHECK(world.caller->ended);
}

TEST_CASE("whoever came in by a listener that is gone is closed, in every state") {
  World world;
  SECTION("waiting") {
    world.connect();
    world.connections->keep_only(other_listener);
    world.turn();
    CHECK(world.caller->text.empty());
    CHECK(world.caller->ended);
  }
  SECTION("within a head") {
    world.connect();
    world.say("GET /v1/models HTTP/1.1\r\nhost: x\r\n");
    world.connections->keep_only(other_listener);
    world.turn();
    CHECK(world.caller->text.starts_with("HTTP/1.1 503 "));
    CHECK(world.caller->ended);
  }
  SECTION("within a body: it is answered, and nothing behind it") {
    world.connect();
    const std::string request = ask();
    world.say(request.substr(0, request.size() - 5));
    world.connections->keep_only(other_listener);
    world.say(request.substr(request.size() - 5) + ask());
    REQUIRE(world.targets.size() == 1);
    world.targets[0]->stream->write("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}");
    world.turn();
    CHECK(world.caller->text.starts_with("HTTP/1.1 200 "));
    CHECK(world.caller->has("connection: close\r\n"));
    CHECK(world.caller->ended);
    CHECK(world.targets.size() == 1);
  }
  SECTION("by one that is kept: nothing happens") {
    world.connect();
    world.connections->keep_only(std::array<uint32_t, 2>{0, 7});
    world.turn();
    CHECK_FALSE(world.caller->ended);
  }
}

}  // namespace
}  // namespace sluice::gateway
