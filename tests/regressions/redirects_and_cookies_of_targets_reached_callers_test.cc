// A target's 307 to another host was relayed, and SDKs followed it with the prompt and their key; Set-Cookie, Alt-Svc,
// Strict-Transport-Security and the like reached callers, who took them for sluice's.
#include <catch2/catch.hpp>

#include "gateway/redirect.h"
#include "gateway/world.h"

namespace sluice::gateway {
namespace {

const std::string question = R"({"model":"fast","messages":[]})";

std::string redirect(std::string_view status, std::string_view location) {
  return "HTTP/1.1 " + std::string(status) + " Moved\r\nlocation: " + std::string(location) +
         "\r\ncontent-length: 5\r\n\r\nmoved";
}

TEST_CASE("a redirection within the target's own origin is followed once, with method and body") {
  for (const char* location :
       {"/v1/chat/completions/", "http://lab.internal/v1/chat/completions/",
        "HTTP://LAB.internal:80/v1/chat/completions/", "//lab.internal/v1/chat/completions/", "completions/"}) {
    World world;
    world.say(post("/v1/chat/completions", question));
    world.target().text.clear();
    world.target_says(redirect("307", location));
    CAPTURE(location, world.caller->text);
    REQUIRE(world.targets.size() == 1);  // on the same connection
    CHECK(world.target().text.starts_with("POST /v1/chat/completions/ HTTP/1.1\r\n"));
    CHECK(world.target().has("authorization: Bearer provider-secret\r\n"));
    CHECK(world.target().text.ends_with(R"({"model":"real-model","messages":[]})"));
    world.target_says(ok_json(any_answer));
    CHECK(world.caller->has("HTTP/1.1 200 OK"));
    CHECK(world.caller->has("sluice-attempts: 2\r\n"));
    CHECK_FALSE(world.caller->has("moved"));
    CHECK_FALSE(world.caller->has("location"));
  }
}

TEST_CASE("any other redirection is an error that says what to put into base_url") {
  struct Row {
    std::string status, location, told;
  };
  for (const Row& row :
       std::vector<Row>{{"307", "https://evil.example/v1/chat/completions", "put https://evil.example into base_url"},
                        {"308", "https://lab.internal/v1/chat/completions", "put https://lab.internal into base_url"},
                        {"307", "http://lab.internal:8080/api/v1/chat/completions?sig=hidden#x",
                         "put http://lab.internal:8080/api into"},
                        {"301", "/v2/chat/completions", "put http://lab.internal/v2/chat/completions into base_url"},
                        {"302", "http://user:hidden@lab.internal/", "an invalid address"},
                        {"303", "/login?token=hidden", "put http://lab.internal/login into base_url"},
                        {"307", "javascript:hidden()", "an invalid address"},
                        {"307", "/v1/../admin/hidden", "an invalid address"},
                        {"307", "/v1/a b HTTP/1.1", "an invalid address"},
                        {"301", "https://evil.example/provider-secret/x", "answered with a redirection"},
                        {"300", "https://evil.example/", "put https://evil.example/ into base_url"}}) {
    World world;
    world.say(post("/v1/chat/completions", question));
    world.target_says(redirect(row.status, row.location));
    CAPTURE(row.status, row.location, world.caller->text);
    CHECK(world.targets.size() == 1);
    CHECK(world.caller->has("HTTP/1.1 502 "));
    CHECK(world.caller->has(row.told));
    CHECK_FALSE(world.caller->has("hidden"));
    CHECK_FALSE(world.caller->has("provider-secret"));
    CHECK_FALSE(world.caller->has("\r\nlocation:"));
  }
}

TEST_CASE("a target that redirects for ever is left after the second time") {
  World world;
  world.say(post("/v1/chat/completions", question));
  for (int i = 0; i < 5; ++i) world.target_says(redirect("307", "/v1/chat/completions"));
  CHECK(world.caller->has("HTTP/1.1 502 "));
  CHECK(world.caller->has("sluice-attempts: 2\r\n"));
}

TEST_CASE(
    "a redirection whose body does not end, or that comes before the request is whole, is followed all the same") {
  World world;
  const std::string big = R"({"model":"fast","messages":[")" + std::string(1'000'000, 'a') + R"("]})";
  world.say(post("/v1/chat/completions", big));
  world.target().stream->stop_reading();
  world.target_says("HTTP/1.1 308 x\r\nlocation: /else\r\ntransfer-encoding: chunked\r\n\r\n5\r\nmoved\r\n");
  INFO(world.caller->text << " " << world.targets.size() << world.target().text.size());
  REQUIRE(world.until([&] { return world.targets.size() == 2; }));
  REQUIRE(world.until([&] { return world.target().has("aaa\"]}"); }));
  CHECK(world.target().text.starts_with("POST /else HTTP/1.1\r\n"));
  world.target_says(ok_json(any_answer));
  CHECK(world.caller->has("HTTP/1.1 200 OK"));
}

TEST_CASE("an upload that went on as it came is not sent to where it is redirected") {
  World world;
  world.say(
      "POST /v1/audio/transcriptions HTTP/1.1\r\nHost: s\r\nContent-Type: multipart/form-data; boundary=b\r\n"
      "Content-Length: 1000\r\n\r\n--b\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\nfast\r\n--b\r\n");
  world.say("content-disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n");
  world.target_says(redirect("307", "/else"));
  CHECK(world.targets.size() == 1);
  CHECK(world.caller->has("HTTP/1.1 502 "));
}

TEST_CASE("304, and what is no redirection, passes") {
  World world;
  world.say(post("/v1/chat/completions", question));
  world.target_says("HTTP/1.1 304 Not Modified\r\netag: \"a\"\r\nlocation: /x\r\n\r\n");
  CHECK(world.caller->has("HTTP/1.1 304 "));
  world.say(post("/v1/chat/completions", question));
  world.target_says("HTTP/1.1 300 Multiple Choices\r\ncontent-length: 2\r\n\r\n{}");
  CHECK(world.caller->has("HTTP/1.1 300 "));
}

TEST_CASE("that a proxy before the target wants credentials is no business of the caller's") {
  World world;
  world.say(post("/v1/chat/completions", question));
  world.target_says("HTTP/1.1 407 x\r\nproxy-authenticate: Basic\r\ncontent-length: 0\r\n\r\n");
  CHECK(world.caller->has("HTTP/1.1 502 "));
  CHECK_FALSE(world.caller->has("proxy-authenticate"));
}

TEST_CASE("what a target says of its own origin stays here") {
  World world;
  world.say(post("/v1/chat/completions", question));
  world.target_says(ok_json(
      any_answer,
      "Set-Cookie: __cf_bm=1\r\nset-cookie: b=2\r\nSet-Cookie2: c\r\nalt-svc: h3=\":443\"\r\n"
      "Strict-Transport-Security: max-age=1\r\nNEL: {}\r\nReport-To: {}\r\nReporting-Endpoints: a=\"b\"\r\n"
      "Public-Key-Pins: x\r\nPublic-Key-Pins-Report-Only: x\r\nExpect-CT: x\r\nClear-Site-Data: \"*\"\r\n"
      "Refresh: 0;url=https://evil.example\r\nAccess-Control-Allow-Origin: *\r\nAccess-Control-Expose-Headers: a\r\n"
      "access-control-max-age: 1\r\nTiming-Allow-Origin: *\r\nCross-Origin-Resource-Policy: cross-origin\r\n"
      "Accept-CH: a\r\nCritical-CH: a\r\nCF-RAY: kept\r\nServer: kept\r\nx-set-cookie: kept\r\n"));
  CHECK(
      world.caller->has("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nCF-RAY: kept\r\nServer: kept\r\n"
                        "x-set-cookie: kept\r\nx-request-id: "));
}

}  // namespace
}  // namespace sluice::gateway
