// An HTTP/1.0 caller got part of an answer of unknown length and then a FIN, as if the answer were complete.
#include <catch2/catch.hpp>

#include "gateway/world.h"

namespace sluice::gateway {
namespace {

std::string old_post(std::string_view body) {
  std::string text = post("/v1/chat/completions", body);
  return text.replace(text.find("HTTP/1.1"), 8, "HTTP/1.0");
}

const std::string question = R"({"model":"fast","messages":[]})";
// More than sluice holds back while it waits for the end.
const std::string half =
    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
    "200008\r\n" +
    std::string(0x200000, ' ') + "{\"a\": [1\r\n";

TEST_CASE("an answer that is cut ends in a reset where its framing cannot tell") {
  World world;
  world.say(old_post(question));
  world.target_says(half);
  world.turn(500);
  CHECK(world.caller->has("{\"a\": [1"));
  CHECK_FALSE(world.caller->ended);
  world.target().stream.reset();
  world.turn();
  CHECK(world.caller->broken);
  CHECK(world.connections->size() == 0);
}

TEST_CASE("a whole one ends in an end") {
  World world;
  world.say(old_post(question));
  world.target_says(half + "2\r\n]}\r\n0\r\n\r\n");
  world.turn(500);
  CHECK(world.caller->has("{\"a\": [1]}"));
  CHECK(world.caller->ended);
  CHECK_FALSE(world.caller->broken);
}

TEST_CASE("chunks tell of a cut themselves, and need no reset") {
  World world;
  world.say(post("/v1/chat/completions", question));
  world.target_says(half);
  world.turn(500);
  world.target().stream.reset();
  world.turn();
  CHECK(world.caller->ended);
  CHECK_FALSE(world.caller->broken);
  CHECK_FALSE(world.caller->has("\r\n0\r\n"));
}

TEST_CASE("the end of the program is no end of an answer") {
  World world;
  world.say(old_post(question));
  world.target_says(half);
  world.turn(500);
  world.connections.reset();
  world.turn();
  CHECK(world.caller->broken);
}

}  // namespace
}  // namespace sluice::gateway
