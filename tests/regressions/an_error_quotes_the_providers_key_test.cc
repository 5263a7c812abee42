// A target quoted the rejected key in the body of its error, and the caller got to see it.
#include <zlib.h>

#include <catch2/catch.hpp>

#include "gateway/quoted_secrets.h"
#include "gateway/world.h"

namespace sluice::gateway {
namespace {

constexpr std::string_view planted_key = "pk+live/0123456789abcdef=";

config::Config with_key() {
  config::Config config = World::plain_config();
  config.providers[0].api_key = planted_key;
  config.providers[0].headers = {{"x-team", "Bearer team-token-0123456789"}};
  return config;
}

std::string error_head(std::string_view status, std::string_view more) {
  return "HTTP/1.1 " + std::string(status) + " No\r\ncontent-type: application/json\r\n" + std::string(more) + "\r\n";
}

std::string with_length(std::string_view status, const std::string& body, std::string_view more = "") {
  return error_head(status, std::string(more) + "content-length: " + std::to_string(body.size()) + "\r\n") + body;
}

bool quotes(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

std::string sent_body(const std::string& answer) { return answer.substr(answer.find("\r\n\r\n") + 4); }

TEST_CASE("the provider's key is in no error's body, however it is spelled there") {
  struct Row {
    std::string quoted;
    std::string_view status = "401";
  };
  const std::vector<Row> rows = {
      {std::string(planted_key)},
      {std::string(planted_key), "302"},
      {std::string(planted_key), "400"},
      {std::string(planted_key), "429"},
      {std::string(planted_key), "500"},
      {"pk+live\\/0123456789abcdef="},
      {"pk\\u002blive\\u002F0123456789abcdef\\u003d"},
      {"pk%2Blive%2F0123456789abcdef%3D"},
      {"pk%2blive/0123456789abcdef%3d"},
      {"pk&#43;live&#x2F;0123456789abcdef&#x3d;"},
      {"Bearer team-token-0123456789"},
      {"team-token-0123456789"},
  };
  for (const Row& row : rows) {
    INFO(row.status << " " << row.quoted);
    for (const std::string_view field : {"", "accept-encoding: gzip\r\n"}) {
      World world(with_key());
      world.log->mask({std::string(planted_key), "team-token-0123456789"});
      world.say(post("/v1/chat/completions", R"({"model":"fast","messages":[]})", field));
      REQUIRE(world.target().has(planted_key));
      const std::string body = R"({"error":{"message":"bad key ')" + row.quoted + R"(' sent","code":"bad_key"}})";
      world.target_says(with_length(row.status, body));
      std::string expected = body;
      expected.replace(body.find(row.quoted), row.quoted.size(), row.quoted.size(), '*');
      CHECK(sent_body(world.caller->text) == expected);
      CHECK(world.caller->text.starts_with("HTTP/1.1 " + std::string(row.status)));
      const std::string record = world.records();
      for (const std::string_view part : {"live", "0123456789"}) CHECK_FALSE(quotes(record, part));
      world.say(post("/v1/chat/completions", R"({"model":"fast","messages":[]})"));
      CHECK(world.targets.size() == 1);  // the connection is kept
    }
  }
}

TEST_CASE("an error's body that comes in pieces is masked as well") {
  const std::string body = R"({"error":{"message":"pk+live, bad key )" + std::string(planted_key) + " pk+liv\"}}";
  for (size_t cut = 1; cut < body.size(); ++cut) {
    World world(with_key());
    world.say(post("/v1/chat/completions", R"({"model":"fast","messages":[]})"));
    world.target_says(error_head("500", "content-length: " + std::to_string(body.size()) + "\r\n"));
    world.target_says(body.substr(0, cut));
    world.target_says(body.substr(cut));
    const std::string got = sent_body(world.caller->text);
    REQUIRE(got.size() == body.size());
    REQUIRE(quotes(got, "pk+live, bad key ************************* pk+liv\"}}"));
  }
  World world(with_key());
  world.say(post("/v1/chat/completions", R"({"model":"fast","messages":[]})"));
  const std::string large = "{\"error\":\"" + std::string(500'000, 'x') + std::string(planted_key) + "\"}";
  world.target_says(error_head("500", "content-length: " + std::to_string(large.size()) + "\r\n") +
                    large.substr(0, 400'000));
  CHECK(world.caller->text.empty());  // another target might have answered
  world.target_says(large.substr(400'000));
  world.turn(200);
  CHECK(sent_body(world.caller->text).size() == large.size());
  CHECK(quotes(world.caller->text, "x*****"));
}

TEST_CASE("an error's body that is cut within the key shows no part of it") {
  for (const std::string_view framing : {"content-length: 1000\r\n", "transfer-encoding: chunked\r\n", ""}) {
    INFO(framing);
    World world(with_key());
    world.say(post("/v1/chat/completions", R"({"model":"fast","messages":[]})"));
    const std::string part = "{\"error\":\"no pk+live/01234567";
    world.target_says(error_head("401", framing) + (framing.starts_with("t") ? "1d\r\n" : "") + part);
    world.target().stream.reset();
    world.turn();
    CHECK(world.caller->text.starts_with("HTTP/1.1 "));
    CHECK_FALSE(quotes(world.caller->text, "live/"));
  }
}

std::string gzipped(std::string text) {
  std::string out(text.size() + 100, 0);
  z_stream stream{};
  constexpr int gzip_window = 15 + 16;
  REQUIRE(deflateInit2(&stream, 6, Z_DEFLATED, gzip_window, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(text.data());
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

TEST_CASE("a compressed error is masked too; what is no error passes as it is") {
  const std::string body = "{\"error\":\"bad " + std::string(planted_key) + "\"}";
  World packed(with_key());
  packed.say(post("/v1/chat/completions", R"({"model":"fast","messages":[]})", "accept-encoding: gzip\r\n"));
  packed.target_says(with_length("401", gzipped(body), "content-encoding: gzip\r\n"));
  CHECK(quotes(packed.caller->text, "{\"error\":\"bad *************************\"}"));
  CHECK_FALSE(quotes(packed.caller->text, "content-encoding"));

  World fine(with_key());
  fine.say(post("/v1/chat/completions", R"({"model":"fast","messages":[]})"));
  fine.target_says(ok_json("{\"echo\":\"" + std::string(planted_key) + "\"}"));
  CHECK(quotes(fine.caller->text, planted_key));
}

TEST_CASE("an error within a 200 shows the key neither as a plain answer nor within a stream") {
  const std::string key(planted_key);
  const std::string error = R"({"error":{"message":"bad key )" + key + R"( sent","code":"bad"}})";
  World plain(with_key());
  plain.say(post("/v1/chat/completions", R"({"model":"fast","messages":[]})"));
  plain.target_says(ok_json(error));
  CHECK(plain.caller->text.starts_with("HTTP/1.1 502 "));
  CHECK(quotes(plain.caller->text, "bad key ************************* sent"));

  World packed(with_key());
  packed.say(post("/v1/chat/completions", R"({"model":"fast","messages":[]})", "accept-encoding: gzip\r\n"));
  packed.target_says(ok_json(gzipped(error), "content-encoding: gzip\r\n"));
  CHECK(packed.caller->text.starts_with("HTTP/1.1 502 "));
  CHECK(quotes(packed.caller->text, "bad key *** sent"));

  const std::string words = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" + key + "\"}}]}\n\n";
  for (const std::string& first : {std::string(), words}) {
    World streamed(with_key());
    INFO(first);
    streamed.say(post("/v1/chat/completions", R"({"model":"fast","stream":true,"messages":[]})"));
    streamed.target_says("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n" + first);
    streamed.target_says("data: " + error + "\n\n");
    streamed.target().stream.reset();
    streamed.turn();
    CHECK(quotes(streamed.caller->text, "bad key ************************* sent"));
    if (!first.empty()) CHECK(quotes(streamed.caller->text, key));  // what is no error passes as it is
    CHECK_FALSE(quotes(streamed.records(), "0123456789"));
  }
}

TEST_CASE("what looks like the beginning of a secret is told from one") {
  config::Provider provider;
  provider.api_key = "aaaaaaab";
  QuotedSecrets secrets(provider);
  CHECK(secrets.masked("aaaaaaaaab aaaaaaa %61aaaaaab \\u0061aaaaaa\\b \\") == "aa*** aaaaaaa *** *** \\");
  CHECK(secrets.pass("aaaaaaaaa", false) == "aa");
  CHECK(secrets.pass("bcaaa\\u00", false) == "********c");
  CHECK(secrets.pass("aaa", false) == "aaa\\u00");
  CHECK(secrets.pass("", true) == "aaa");
}

}  // namespace
}  // namespace sluice::gateway
