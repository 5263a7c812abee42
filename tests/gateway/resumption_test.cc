// Streams that their provider goes on producing while no connection is open: asked for again from where they broke off.
#include <catch2/catch.hpp>

#include "world.h"

namespace sluice::gateway {
namespace {

const std::string sse_head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";

std::string event(int number, const std::string& rest) {
  return "event: x\ndata: {\"type\":\"response." + rest.substr(0, rest.find('|')) +
         "\",\"sequence_number\":" + std::to_string(number) + rest.substr(rest.find('|') + 1) + "}\n\n";
}
const std::vector<std::string> events = {
    event(
        0,
        R"(created|,"response":{"id":"resp_12345","object":"response","created_at":7,"model":"m","status":"queued"})"),
    event(1, R"(output_item.added|,"output_index":0,"item":{"id":"msg_1","type":"message","content":[]})"),
    event(2, R"(content_part.added|,"output_index":0,"content_index":0,"part":{"type":"output_text","text":""})"),
    event(3, R"(output_text.delta|,"output_index":0,"content_index":0,"delta":"one ")"),
    event(4, R"(output_text.delta|,"output_index":0,"content_index":0,"delta":"two ")"),
    event(5, R"(output_text.delta|,"output_index":0,"content_index":0,"delta":"three")"),
    event(6, R"(completed|,"response":{"id":"resp_12345","object":"response","created_at":7,"model":"m",)"
             R"("status":"completed","output":[],"usage":{"input_tokens":3,"output_tokens":4}})")};
std::string from(size_t first, size_t last = events.size()) {
  std::string all;
  for (size_t i = first; i < last; ++i) all += events[i];
  return all;
}
const std::string asked = R"({"model":"fast","stream":true,"background":true,"input":"count"})";

config::Config targets(size_t count) {
  config::Config config = World::plain_config();
  config.providers[0].name = "a";
  config.providers[0].dialects = {Dialect::responses};
  config.models = {{"fast", {{"a", "m"}}}};
  if (count == 2) {
    config.providers.push_back(config.providers[0]);
    config.providers[1].name = "b";
    config.models[0].targets.push_back({"b", "m"});
  }
  config.models[0].order = config::Order::listed;
  return config;
}

// The stream breaks off after `count` events and `more`; waits until a target has been asked again or the caller's
// stream has ended.
void break_off(World& world, size_t count, const std::string& more = "", const std::string& body = asked) {
  world.say(post("/v1/responses?trace=1", body, "openai-beta: p-1\r\n"));
  world.target_says(sse_head + from(0, count) + more);
  world.target().stream.reset();
  REQUIRE(world.until([&] { return world.targets.size() == 2 || world.caller->ended; }));
  world.turn();
}
std::string body_of(const World& world) {
  std::string all;
  std::string_view text = world.caller->text;
  text.remove_prefix(text.find("\r\n\r\n") + 4);
  while (!text.empty()) {
    const size_t line = text.find("\r\n");
    const size_t size = std::stoul(std::string(text.substr(0, line)), nullptr, 16);
    if (size == 0) break;
    all += text.substr(line + 2, size);
    text.remove_prefix(line + 2 + size + 2);
  }
  return all;
}

TEST_CASE(
    "a background stream that breaks off anywhere is had from its target once more, and is whole for its caller") {
  for (size_t behind = 4; behind < events.size(); ++behind) {
    for (const size_t half : {size_t{0}, size_t{1}, events[behind].size() - 1}) {
      for (const size_t replayed :
           {behind, size_t{0}}) {            // a target that ignores `starting_after` sends all events again
        for (const size_t count : {1, 2}) {  // if another target could continue, the stream is remembered too
          INFO(behind << " " << half << " " << replayed << " " << count);
          World world(targets(count));
          break_off(world, behind, events[behind].substr(0, half));
          if (behind + 1 == events.size() && half > 1) {  // only the blank line was missing
            CHECK(world.targets.size() == 1);
            CHECK(body_of(world).starts_with(from(0)));
            CHECK(world.caller->text.ends_with("\r\n0\r\n\r\n"));
            continue;
          }
          REQUIRE(world.targets.size() == 2);
          CHECK(world.target().has("GET /v1/responses/resp_12345?stream=true&starting_after=" +
                                   std::to_string(behind - 1) + " HTTP/1.1\r\n"));
          CHECK(world.target().has("openai-beta: p-1\r\n"));
          CHECK_FALSE(world.target().has("content-"));
          const std::string rest = from(replayed);
          world.target_says(sse_head + rest.substr(0, rest.size() / 2));
          world.target_says(rest.substr(rest.size() / 2));
          world.target().stream.reset();
          world.turn();
          CHECK(body_of(world) == from(0));
          CHECK(world.caller->text.ends_with("\r\n0\r\n\r\n"));
          const std::string record = world.records();
          CHECK(record.find("outcome=ok") != std::string::npos);
          CHECK(record.find("rescued=true") != std::string::npos);
          CHECK(world.cells().active_streams.get() == 0);
        }
      }
    }
  }
}

TEST_CASE("a background stream that breaks off again and again is asked for a few times only") {
  config::Config config = targets(1);
  config.models[0].retry.attempts = 10;
  World world(config);
  break_off(world, 4);
  for (size_t times = 2; world.targets.size() == times; ++times) {
    REQUIRE(times <= 4);
    if (times == 3) world.target_says(sse_head + events[4]);
    world.target().stream.reset();
    REQUIRE(world.until([&] { return world.targets.size() > times || world.caller->ended; }));
    world.turn();
  }
  CHECK(world.targets.size() == 4);
  CHECK(world.targets[2]->has("starting_after=3 "));
  CHECK(world.targets[3]->has("starting_after=4 "));
  CHECK(world.caller->ended);
  CHECK(world.caller->has("event: error"));
  CHECK_FALSE(world.caller->has("response.completed"));
  CHECK_FALSE(world.caller->text.ends_with("\r\n0\r\n\r\n"));
  const std::string record = world.records();
  INFO(record);
  CHECK(record.find("outcome=target_broke") != std::string::npos);
}

TEST_CASE("a background stream whose rest is not to be had is gone on with elsewhere, or ends in an honest error") {
  const std::string no = "{\"error\":{\"message\":\"gone\",\"type\":\"invalid_request_error\"}}";
  for (const size_t count : {1, 2}) {
    for (const std::string& answer :
         {"HTTP/1.1 404 No\r\ncontent-type: application/json\r\ncontent-length: " + std::to_string(no.size()) +
              "\r\n\r\n" + no,
          sse_head + from(5),
          std::string("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}")}) {
      World world(targets(count));
      break_off(world, 4);
      REQUIRE(world.targets.size() == 2);
      world.target_says(answer);
      REQUIRE(world.until([&] { return world.targets.size() == 3 || world.caller->ended; }));
      world.turn();
      if (answer.ends_with(events[6])) {  // it may hold the missing part by now
        REQUIRE(world.targets.size() == 3);
        CHECK(world.target().has("GET "));
        CHECK_FALSE(world.caller->has("response.completed"));
        continue;
      }
      INFO(count << answer << world.caller->text << world.targets.back()->text);
      if (count == 1) {
        CHECK(world.caller->has("event: error"));
        CHECK_FALSE(world.caller->has("three"));
        continue;
      }
      REQUIRE(world.targets.size() == 3);
      CHECK(world.target().has("POST /v1/responses"));
      world.target_says(sse_head + from(0));
      world.target().stream.reset();
      world.turn();
      CHECK(world.caller->has("three"));
      CHECK(world.caller->has("response.completed"));
    }
  }
}

TEST_CASE("a stream that ends with its connection is not asked for again") {
  World world(targets(1));
  break_off(world, 4, "", R"({"model":"fast","stream":true,"background":false,"input":"count"})");
  CHECK(world.targets.size() == 1);
  CHECK(world.caller->has("event: error"));
}

}  // namespace
}  // namespace sluice::gateway
