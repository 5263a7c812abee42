// Malformed answers of every kind: the rules for requests hold for answers too. Each is 502 to the caller and its
// connection is not reused. A good answer with surplus bytes behind it is relayed, but its connection is not reused
// either.
#include <catch2/catch.hpp>

#include "gateway/world.h"

namespace sluice::gateway {
namespace {

using namespace std::string_literals;

const std::string request = post("/v1/chat/completions", R"({"model":"fast"})");

TEST_CASE("a malformed answer is 502, in the caller's dialect") {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const std::vector<std::pair<const char*, std::string>> answers = {
      {"length and chunks", ok + "content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}"},
      {"two lengths that differ", ok + "content-length: 2\r\ncontent-length: 3\r\n\r\n{}"},
      {"the same length twice", ok + "content-length: 2\r\ncontent-length: 2\r\n\r\n{}"},
      {"a list of lengths", ok + "content-length: 2, 2\r\n\r\n{}"},
      {"no number", ok + "content-length: 0x2\r\n\r\n{}"},
      {"a sign", ok + "content-length: +2\r\n\r\n{}"},
      {"beyond 64 bits", ok + "content-length: 18446744073709551618\r\n\r\n{}"},
      {"a last coding that is not chunked", ok + "transfer-encoding: gzip\r\n\r\n{}"},
      {"chunked before another", ok + "transfer-encoding: chunked, gzip\r\n\r\n{}"},
      {"chunked in 1.0", "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"},
      {"no status line", "{}"},
      {"a status of two digits", "HTTP/1.1 20 OK\r\n\r\n{}"},
      {"another version", "HTTP/2 200 OK\r\n\r\n{}"},
      {"an upgrade nobody asked for", "HTTP/1.1 101 S\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"},
      {"NUL in a value", ok + "x: a\0b\r\ncontent-length: 2\r\n\r\n{}"s},
      {"NUL in the reason", "HTTP/1.1 200 O\0K\r\ncontent-length: 2\r\n\r\n{}"s},
      {"a folded field", ok + "x: a\r\n b\r\ncontent-length: 2\r\n\r\n{}"},
      {"bare LF", ok + "x: a\ncontent-length: 2\r\n\r\n{}"},
      {"bare CR", ok + "x: a\rb\r\ncontent-length: 2\r\n\r\n{}"},
      {"a blank before the colon", ok + "content-length : 2\r\n\r\n{}"},
      {"a chunk size that is none", ok + "transfer-encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n"},
  };
  for (const auto& [name, answer] : answers) {
    INFO(name);
    World world;
    world.say(request);
    world.target_says(answer);
    CHECK(world.caller->text.starts_with("HTTP/1.1 502 "));
    CHECK(world.caller->has(R"({"error":{"message":"lab/real-model: malformed answer: )"));
    CHECK(world.pools.open == 0);
    CHECK(world.cells().active_exchanges.get() == 0);
  }
}

TEST_CASE("what follows an answer is never part of the next one") {
  for (const bool at_once : {true, false}) {
    World world;
    world.say(request);
    const std::string answer = ok_json(any_answer);
    const std::string surplus = "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison";
    world.target_says(answer + (at_once ? surplus : ""));
    if (!at_once) world.target_says(surplus);
    CHECK(world.caller->text.ends_with(any_answer));
    CHECK(world.pools.open == 0);
    world.caller->text.clear();
    world.say(request);
    REQUIRE(world.targets.size() == 2);
    world.target_says(answer);
    CHECK(world.caller->text.ends_with(any_answer));
    CHECK_FALSE(world.caller->has("poison"));
  }
}

}  // namespace
}  // namespace sluice::gateway
