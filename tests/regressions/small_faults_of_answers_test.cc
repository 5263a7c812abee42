// Answers made by sluice that lacked a field or had the wrong status. Each case was observed.
#include <catch2/catch.hpp>

#include "base/time_text.h"
#include "gateway/world.h"

namespace sluice::gateway {
namespace {

std::string answer_to(std::string_view request) {
  World world;
  world.say(request);
  return world.caller->text;
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST_CASE("TRACE is answered with what is allowed") {
  const std::string answer = answer_to("TRACE /v1/chat/completions HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(answer.starts_with("HTTP/1.1 405 "));
  CHECK(has(answer, "\r\nallow: GET, HEAD, POST, DELETE\r\n"));
  CHECK(has(answer, "\r\ndate: "));
}

TEST_CASE("every error has a date, also of a request that cannot be read") {
  for (const std::string_view request :
       {"BREW / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/2.0\r\nHost: x\r\n\r\n",
        "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n", "GET /v1/embeddings HTTP/1.1\r\nHost: x\r\n\r\n",
        "HEAD /v1/chat/completions HTTP/1.1\r\nHost: x\r\n\r\n"}) {
    INFO(request);
    CHECK(has(answer_to(request), "\r\ndate: "));
  }
}

TEST_CASE("an answer has one date: the target's, or ours where it has none") {
  const std::string ours = "\r\ndate: " + std::string(http_date(test::fake_unix_ms / 1000)) + "\r\n";
  const std::string answer = R"({"choices":[{"message":{"content":"a"},"finish_reason":"stop"}]})";
  const auto date_of = [](const std::string& text) {
    const size_t at = text.find("\r\ndate: ");
    if (at == text.npos || text.find("\r\ndate: ", at + 1) != text.npos) return std::string("none, or two");
    return text.substr(at, text.find("\r\n", at + 2) + 2 - at);
  };
  for (const std::string path : {"/v1/chat/completions", "/v1/messages"}) {
    for (const std::string told : {"", "date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"}) {
      for (const std::string status : {"200 OK", "400 Bad Request"}) {
        INFO(path << ' ' << told << ' ' << status);
        config::Config config = World::plain_config();
        config.providers[0].dialects = {Dialect::openai};  // /v1/messages is translated
        World world(std::move(config));
        world.say(post(path, R"({"model":"fast","max_tokens":9,"messages":[{"role":"user","content":"a"}]})"));
        world.target_says("HTTP/1.1 " + status + ok_json(answer, "vary: a\r\n" + told).substr(15));
        CHECK(world.caller->text.starts_with("HTTP/1.1 " + status));
        CHECK(date_of(world.caller->text) == (told.empty() ? ours : "\r\n" + told));
      }
    }
  }
}

TEST_CASE("a stream that a heartbeat begins has a date") {
  config::Config config = World::plain_config();
  config.heartbeat_ms = 2'000;
  World world(std::move(config));
  world.say(post("/v1/chat/completions", R"({"model":"fast","messages":[],"stream":true})"));
  REQUIRE(world.until([&] { return world.caller->has(": keep-alive\n"); }));
  CHECK(world.caller->has("\r\ndate: "));
}

TEST_CASE("426 says in Connection that it names an upgrade") {
  const std::string start = "GET /v1/responses HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade";
  const std::string kept = answer_to(start + "\r\n\r\n");
  CHECK(kept.starts_with("HTTP/1.1 426 "));
  CHECK(has(kept, "\r\nconnection: upgrade\r\n"));
  CHECK(has(answer_to(start + ", close\r\n\r\n"), "\r\nconnection: upgrade, close\r\n"));
}

TEST_CASE("a target of foreign characters, a port beyond 65535 and a bare CR are 400") {
  for (const std::string target : {"/\"", "/<x>", "/a\\b", "/a^b", "/a`b", "/a{b}", "/a|b", "/v1/models?x=\"y\"",
                                   "http://x:99999/health", "/a\rb"}) {
    INFO(target);
    CHECK(answer_to("GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n").starts_with("HTTP/1.1 400 "));
  }
  CHECK(answer_to("GET /v1/models HTTP/1.1\r\nHost: x:99999\r\n\r\n").starts_with("HTTP/1.1 400 "));
  CHECK(answer_to("GET /nothing HTTP/1.1\r\nHost: x:65535\r\n\r\n").starts_with("HTTP/1.1 404 "));
  CHECK(answer_to("GET /nothing?include[]=a HTTP/1.1\r\nHost: x\r\n\r\n").starts_with("HTTP/1.1 404 "));
  CHECK(answer_to("GET /old\r\n").starts_with("HTTP/1.1 505 "));
}

TEST_CASE("a verb of Gemini's that is not known is 404 and names those that are") {
  for (const std::string path :
       {"/v1beta/models/fast:generateContents", "/v1/models/fast:predictions", "/v1beta/models/fast%3Ax"}) {
    INFO(path);
    const std::string answer = answer_to(post(path, "{}"));
    CHECK(answer.starts_with("HTTP/1.1 404 "));
    CHECK(has(answer, "known are generateContent, streamGenerateContent"));
  }
}

TEST_CASE("HEAD and 304 have the target's Content-Length or none, never 0 in its place") {
  const auto get = [](std::string_view method, std::string_view answer) {
    World world;
    world.say(std::string(method) + " /v1/responses/resp_1 HTTP/1.1\r\nHost: x\r\n\r\n");
    world.target_says(answer);
    return world.caller->text;
  };
  const std::string with_length = get("HEAD", "HTTP/1.1 200 OK\r\ncontent-length: 1234\r\n\r\n");
  CHECK(has(with_length, "\r\ncontent-length: 1234\r\n"));
  CHECK(with_length.ends_with("\r\n\r\n"));
  const std::string without = get("HEAD", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
  CHECK_FALSE(has(without, "content-length"));
  CHECK_FALSE(has(without, "transfer-encoding"));
  CHECK(has(get("GET", "HTTP/1.1 304 Not Modified\r\ncontent-length: 77\r\n\r\n"), "\r\ncontent-length: 77\r\n"));
  CHECK_FALSE(has(get("GET", "HTTP/1.1 304 Not Modified\r\n\r\n"), "content-length"));
  CHECK_FALSE(has(get("GET", "HTTP/1.1 204 No Content\r\n\r\n"), "content-length"));
}

TEST_CASE("at most 8 interim answers pass, and no upgrade that nobody asked for") {
  const auto chat = [](const std::string& answer) {
    World world;
    world.say(post("/v1/chat/completions", R"({"model":"fast","messages":[]})"));
    world.target_says(answer);
    return world.caller->text;
  };
  std::string interim;
  for (int i = 0; i < 8; ++i) interim += "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n";
  CHECK(chat(interim + ok_json(any_answer)).starts_with("HTTP/1.1 200 "));
  CHECK(chat(interim + "HTTP/1.1 100 Continue\r\n\r\n" + ok_json(any_answer)).starts_with("HTTP/1.1 502 "));
  CHECK(chat("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n")
            .starts_with("HTTP/1.1 502 "));
}

TEST_CASE("at the end of the grace a stream's reader is told that it is cut") {
  World world;
  world.say(post("/v1/chat/completions", R"({"model":"fast","messages":[],"stream":true})"));
  world.target_says(
      "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
      "2f\r\ndata: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n\r\n");
  REQUIRE(world.caller->has("\"a\""));
  world.connections->cut_all({ErrorCode::draining, "going down"});
  world.turn();
  CHECK(world.caller->has("\"error\""));
  CHECK(world.caller->has("going down"));
  CHECK_FALSE(world.caller->has("\r\n0\r\n\r\n"));
  CHECK(world.caller->ended);
}

TEST_CASE("one whose answer has not begun gets 503") {
  World world;
  world.say(post("/v1/chat/completions", R"({"model":"fast","messages":[]})"));
  world.connections->cut_all({ErrorCode::draining, "going down"});
  world.turn();
  CHECK(world.caller->text.starts_with("HTTP/1.1 503 "));
}

}  // namespace
}  // namespace sluice::gateway
