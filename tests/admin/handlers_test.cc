#include "admin/handlers.h"

#include <catch2/catch.hpp>

#include "admin/log_level.h"
#include "admin/world.h"

namespace sluice::admin {
namespace {

using test::FakeResponder;

TEST_CASE("an answer may come later, once, and not to a caller that has left") {
  http::Fields fields;
  fields.add("content-type", "application/json");
  FakeResponder responder;
  auto later = std::make_unique<LaterAnswer>(responder, fields);
  const auto give = later->giver();
  CHECK_FALSE(responder.head_sent());
  give(200, "{}");
  CHECK(responder.status == 200);
  CHECK(responder.body == "{}");
  CHECK(responder.finished);
  give(200, "{}");  // ignored: FakeResponder would fail on a second answer
  SECTION("gone, as it was told") {
    FakeResponder other;
    LaterAnswer handler(other, fields);
    const auto give_other = handler.giver();
    handler.on_caller_gone({});
    give_other(200, "{}");
    CHECK_FALSE(other.head_sent());
  }
  SECTION("gone, with its handler") {
    FakeResponder other;
    auto handler = std::make_unique<LaterAnswer>(other, fields);
    const auto give_other = handler->giver();
    handler.reset();
    give_other(200, "{}");
    CHECK_FALSE(other.head_sent());
  }
  SECTION("a request that breaks") {
    FakeResponder other;
    LaterAnswer handler(other, fields);
    handler.on_request_broken({});
    CHECK(other.aborted);
    handler.giver()(200, "{}");
  }
}

TEST_CASE("a small body is whole, or too large, once") {
  std::vector<std::string> got;
  const auto note = [&got](const Result<std::string_view>& body) {
    got.push_back(body ? std::string(*body) : std::string(name_of(body.error().code)));
  };
  SmallBody fine(note);
  fine.on_body("ab");
  fine.on_body("c");
  fine.on_body_end();
  fine.on_body_end();
  SmallBody large(note);
  large.on_body(std::string(SmallBody::max_bytes, 'x'));
  large.on_body("x");
  large.on_body("x");
  large.on_body_end();
  SmallBody gone(note);
  gone.on_caller_gone({});
  gone.on_body_end();
  CHECK(got == std::vector<std::string>{"abc", "body_too_large"});
}

struct LevelWorld : World {
  FakeResponder ask_level(http::Method method, const std::string& body = {}) {
    return ask(method, "/admin/log-level", {}, body);
  }
};

TEST_CASE("the log's level is seen and changed by those who may") {
  LevelWorld world;
  CHECK(world.ask_level(http::Method::get).body == "{\"level\":\"info\"}\n");
  const FakeResponder changed = world.ask_level(http::Method::post, "{\"level\": \"debug\"}");
  CHECK(changed.status == 200);
  CHECK(changed.body == "{\"level\":\"debug\"}\n");
  CHECK(world.log.enabled(observe::Level::debug));
  for (const char* wrong : {"", "{}", "debug", "[\"debug\"]", "{\"level\":\"loud\"}", "{\"level\":1}",
                            "{\"level\":\"info\",\"x\":1}", "{\"level\":\"info\"", "{\"LEVEL\":\"info\"}"}) {
    CAPTURE(wrong);
    const FakeResponder refused = world.ask_level(http::Method::post, wrong);
    CHECK(refused.status == 400);
    CHECK(refused.body.find("trace, debug, info, warn, error") != std::string::npos);
  }
  CHECK(world.ask_level(http::Method::post, std::string(5000, ' ')).status == 413);
  const FakeResponder put = world.ask_level(http::Method::put);
  CHECK(put.status == 405);
  CHECK(put.field("allow") == "GET, HEAD, POST");
  world.visitor = fail(ErrorCode::forbidden, "not an admin key");
  CHECK(world.ask_level(http::Method::get).status == 403);
  CHECK(world.ask_level(http::Method::post, "{\"level\":\"error\"}").status == 403);
  CHECK(world.log.level() == observe::Level::debug);
}

}  // namespace
}  // namespace sluice::admin
