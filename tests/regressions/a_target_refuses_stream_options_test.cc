// A stream was answered with 422 for a `stream_options` that the caller had never sent: sluice had added it to get the
// usage.
#include <catch2/catch.hpp>

#include "gateway/world.h"

namespace sluice::gateway {
namespace {

const std::string request = post("/v1/chat/completions", R"({"model":"fast","stream":true,"messages":[]})");
const std::string stream =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 14\r\n\r\ndata: [DONE]\n\n";

std::string refusal(int status, std::string_view body) {
  return "HTTP/1.1 " + std::to_string(status) +
         " No\r\ncontent-type: application/json\r\ncontent-length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}

TEST_CASE("a target that refuses stream_options is asked once more without, and never again with it") {
  for (const int status : {400, 422}) {
    World world;
    world.say(request);
    CHECK(world.target().has("stream_options"));
    world.target().text.clear();
    const std::string answer =
        refusal(status, R"({"detail":[{"type":"extra_forbidden","loc":["body","stream_options"]}]})");
    world.target_says(answer.substr(0, answer.size() - 9));
    CHECK(world.caller->text.empty());
    world.target_says(answer.substr(answer.size() - 9));
    CHECK(world.target().has(R"({"model":"real-model","stream":true,"messages":[]})"));
    CHECK_FALSE(world.target().has("stream_options"));
    world.target_says(stream);
    CHECK(world.caller->text.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(world.caller->has("sluice-attempts: 2\r\n"));
    CHECK_FALSE(world.caller->has("extra_forbidden"));
    for (int i = 0; i < 2; ++i) {  // remembered from the first request
      world.target().text.clear();
      world.say(request);
      CHECK_FALSE(world.target().has("stream_options"));
      world.target_says(stream);
    }
    const std::string log = world.records();
    CHECK(log.find("target refuses stream_options") != std::string::npos);
    CHECK(log.find("target refuses stream_options") == log.rfind("target refuses stream_options"));
    CHECK(world.cells().active_exchanges.get() == 0);
  }
}

TEST_CASE("what else a target finds wrong reaches the caller, asked once") {
  World world;
  const std::string body = R"({"error":{"message":"`messages` is empty"}})";
  world.say(request);
  world.target_says(refusal(400, body));
  CHECK(world.caller->text.starts_with("HTTP/1.1 400 No\r\n"));
  CHECK(world.caller->has("sluice-attempts: 1\r\n"));
  CHECK(world.caller->text.ends_with(body));

  World caller_asked;
  caller_asked.say(
      post("/v1/chat/completions", R"({"model":"fast","stream":true,"stream_options":{"include_usage":true}})"));
  caller_asked.target_says(refusal(400, "{\"error\":\"stream_options\"}"));
  CHECK(caller_asked.caller->text.starts_with("HTTP/1.1 400 No\r\n"));

  World long_one;
  const std::string much = "{\"error\":\"" + std::string(200'000, 'x') + "\"}";
  long_one.say(request);
  long_one.target_says(refusal(422, much));
  CHECK(long_one.caller->text.ends_with(much));

  World broken;
  broken.say(request);
  broken.target_says("HTTP/1.1 400 No\r\ncontent-length: 50\r\n\r\n{\"stream_options\"");
  broken.target().stream.reset();
  broken.turn();
  CHECK(broken.caller->text.starts_with("HTTP/1.1 502 "));
  CHECK(broken.cells().active_exchanges.get() == 0);
}

TEST_CASE("an error that quotes the word from the request does not end the count of all streams") {
  World world;
  world.say(request);
  const std::string quoted = R"({"error":{"message":"Invalid value: 'stream_options'.","param":"reasoning_effort"}})";
  world.target_says(refusal(400, quoted));
  world.target_says(refusal(400, quoted));  // without it, too: it was not at fault
  CHECK(world.caller->text.ends_with(quoted));
  world.target().text.clear();
  world.say(request);
  CHECK(world.target().has("stream_options"));
  world.target_says(stream);
  CHECK(world.records().find("refuses stream_options") == std::string::npos);

  World quotes_all;  // FastAPI quotes the whole request, with what sluice added to it
  const std::string whole =
      R"({"detail":[{"loc":["body","messages"],"msg":"no","input":{"stream_options":{"include_usage":true}}}]})";
  quotes_all.say(request);
  quotes_all.target_says(refusal(422, whole));
  CHECK(quotes_all.caller->has("sluice-attempts: 1\r\n"));
  CHECK(quotes_all.caller->text.ends_with(whole));
}

TEST_CASE("only so many refusals are remembered") {
  UsageRefusals refusals;
  for (int i = 0; i < 1000; ++i) CHECK(refusals.add("t/" + std::to_string(i)));
  CHECK(refusals.knows("t/999"));
  CHECK_FALSE(refusals.knows("t/0"));
  CHECK_FALSE(refusals.add("t/999"));
}

}  // namespace
}  // namespace sluice::gateway
