// How the demo provider handles requests and plays its answers: pace, back-pressure, callers that leave, bad requests.
#include <catch2/catch.hpp>

#include "harness.h"
#include "net/stream.h"

using namespace sluice;
using namespace sluice::test;

namespace {

const char* const stream_four = R"({"model":"m","stream":true,"messages":[{"role":"user","content":"a b"}]})";

std::string chat_of(size_t words) {
  std::string text;
  for (size_t i = 0; i < words; ++i) text += "w ";
  return Json{{"model", "m"}, {"stream", true}, {"messages", {{{"role", "user"}, {"content", text}}}}}.dump();
}

}  // namespace

TEST_CASE("pace: the first word comes at once, each other one in a write of its own, no sooner than its time") {
  World world(5);
  Exchange exchange(world.provider, world.loop, world.clock, http::Method::post, "/v1/chat/completions", stream_four);
  CHECK(exchange.responder.body_calls == 1);
  CHECK_FALSE(exchange.responder.finished);
  REQUIRE(exchange.run());
  CHECK(exchange.responder.body_calls == 4);
  CHECK(world.clock.passed_ms() == 3 * 5);
  CHECK(sse_frames(exchange.responder.body).back().data == "[DONE]");
}

TEST_CASE("no pace: a short stream is one write, a whole answer always is") {
  World world;
  CHECK(world.post("/v1/chat/completions", stream_four)->responder.body_calls == 1);
  World paced(1000);
  Exchange whole(paced.provider, paced.loop, paced.clock, http::Method::post, "/api/chat",
                 R"({"model":"m","stream":false,"messages":[{"role":"user","content":"a b"}]})");
  CHECK(whole.responder.finished);
  CHECK(whole.responder.body_calls == 1);
}

TEST_CASE("back-pressure: nothing is written above the high mark, and it goes on when drained") {
  const uint32_t pace_ms = GENERATE(0u, 1u);
  World world(pace_ms);
  Exchange exchange(world.provider, world.loop, world.clock, http::Method::post, "/v1/chat/completions",
                    chat_of(pace_ms == 0 ? 20'000 : 8));
  REQUIRE_FALSE(exchange.responder.finished);
  exchange.responder.pending = net::WriteMarks::high_bytes + 1;
  for (int i = 0; i < 20; ++i) world.loop.run_once(false);
  while (pace_ms > 0 && world.loop.run_once(false))
    go_to_next_timer(world.loop, world.clock);  // a stalled answer leaves no timer behind
  const size_t before = exchange.responder.body.size();
  for (int i = 0; i < 20; ++i) world.loop.run_once(false);
  CHECK(exchange.responder.body.size() == before);
  exchange.responder.pending = net::WriteMarks::high_bytes;  // at the mark does not count as above it
  exchange.handler->on_drained();
  CHECK(exchange.responder.body.size() > before);
  REQUIRE(exchange.run());
  CHECK(sse_frames(exchange.responder.body).back().data == "[DONE]");
}

TEST_CASE("on_drained without a stall does not hurry the pace") {
  World world(1000);
  Exchange exchange(world.provider, world.loop, world.clock, http::Method::post, "/v1/chat/completions", stream_four);
  const size_t calls = exchange.responder.body_calls;
  exchange.handler->on_drained();
  CHECK(exchange.responder.body_calls == calls);
  exchange.handler->on_caller_gone({ErrorCode::caller_gone, "gone"});
}

TEST_CASE("a caller that goes stops the stream, and a handler may be destroyed in the middle of one") {
  const bool told = GENERATE(true, false);
  World world(1);
  Exchange exchange(world.provider, world.loop, world.clock, http::Method::post, "/v1/chat/completions", stream_four);
  const size_t calls = exchange.responder.body_calls;
  if (told) exchange.handler->on_caller_gone({ErrorCode::caller_gone, "gone"});
  exchange.handler.reset();
  for (int turns = 0; turns < 1000 && world.loop.run_once(false); ++turns) {
    go_to_next_timer(world.loop, world.clock);
  }
  CHECK(exchange.responder.body_calls == calls);
  CHECK_FALSE(exchange.responder.finished);
}

TEST_CASE("errors: in the dialect of the path") {
  struct Case {
    const char *path, *body;
    int status;
    const char* where;  // JSON pointer to the message
  };
  const Case c = GENERATE(values<Case>({
      {"/v1/chat/completions", "{\"model\":", 400, "/error/message"},
      {"/v1/chat/completions", "", 400, "/error/message"},
      {"/v1/chat/completions", "[]", 400, "/error/message"},
      {"/v1/chat/completions", "{\"model\":\"m\xFF\"}", 400, "/error/message"},
      {"/v1/chat/completions", R"({"messages":[]})", 400, "/error/message"},
      {"/v1/chat/completions", R"({"model":7,"messages":[{"role":"user"}]})", 400, "/error/message"},
      {"/v1/chat/completions", R"({"model":"m","messages":"hi"})", 400, "/error/message"},
      {"/v1/chat/completions", R"({"model":"m","messages":[{"role":"boss","content":"x"}]})", 400, "/error/message"},
      {"/v1/chat/completions", R"({"model":"m","temperature":1e999})", 400, "/error/message"},
      {"/v1/responses", R"({"model":"m"})", 400, "/error/message"},
      {"/v1/messages", R"({"model":"m","messages":[{"role":"user","content":"x"}]})", 400, "/error/message"},
      {"/v1/messages", R"({"model":"m","max_tokens":1,"messages":[{"role":"tool","content":"x"}]})", 400,
       "/error/message"},
      {"/v1beta/models/m:generateContent", "{}", 400, "/error/message"},
      {"/v1beta/models/m:nonesuch", "{}", 405, "/error/message"},
      {"/api/chat", "nonsense", 400, "/error"},
      {"/api/nonesuch", "{}", 404, "/error"},
      {"/nonesuch", "{}", 404, "/error/message"},
      {"/v1/models", "{}", 405, "/error/message"},
      {"/v1/audio/transcriptions", "{}", 400, "/error/message"},
  }));
  World world;
  INFO(c.path << " " << c.body);
  const auto exchange = world.post(c.path, c.body);
  CHECK(exchange->responder.status == c.status);
  CHECK(exchange->json()[Json::json_pointer(c.where)].get<std::string>().size() > 5);
  if (c.status == 405) CHECK(exchange->responder.field("allow") == "GET");
}

TEST_CASE("errors: each dialect's own words") {
  World world;
  CHECK(world.post("/v1/messages", "x")->json()["type"] == "error");
  CHECK(world.post("/v1/messages", "x")->json()["error"]["type"] == "invalid_request_error");
  CHECK(world.post("/v1beta/models/m:generateContent", "x")->json()["error"]["status"] == "INVALID_ARGUMENT");
  CHECK(world.post("/v1/completions", "x")->json()["error"]["type"] == "invalid_request_error");
  http::RequestHead head;
  head.target = "/v1/messages";
  http::Fields fields;
  std::string body;
  world.provider.render_error(head, {ErrorCode::body_too_large, "too large"}, fields, body);
  CHECK(Json::parse(body)["error"]["type"] == "request_too_large");
  CHECK(fields.find("content-type") == "application/json");
}

TEST_CASE("limits: the body and the depth of its JSON, at the edge") {
  World world(0, 100);
  std::string body = R"({"model":"m","prompt":""})";
  body.insert(body.size() - 2, 100 - body.size(), 'x');
  CHECK(world.post("/v1/completions", body)->responder.status == 200);
  body.insert(body.size() - 2, 1, 'x');
  CHECK(world.post("/v1/completions", body)->responder.status == 413);

  const auto nested = [](size_t depth) {
    return "{\"a\":" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}";
  };
  CHECK(demo::parse_object(nested(demo::max_json_depth)));
  CHECK_FALSE(demo::parse_object(nested(demo::max_json_depth + 1)));
  CHECK(demo::parse_object(R"({"a":")" + std::string(1000, '[') + "\\\"" + std::string(1000, '[') + "\"}"));
}

TEST_CASE("a request that breaks off is refused, or aborted when its answer has begun") {
  World world(1000);
  http::RequestHead head;
  head.method = http::Method::post;
  head.target = "/v1/chat/completions";
  FakeResponder responder;
  const auto handler = world.provider.handle(head, responder);
  handler->on_body("{");
  handler->on_request_broken({ErrorCode::request_timeout, "too slow"});
  CHECK(responder.status == 408);
  CHECK(responder.finished);

  Exchange begun(world.provider, world.loop, world.clock, http::Method::post, "/v1/chat/completions", stream_four);
  begun.handler->on_request_broken({ErrorCode::bad_request, "bad"});
  CHECK(begun.responder.aborted);
}

TEST_CASE("HEAD is answered where GET is, and ids are never the same twice") {
  World world;
  Exchange head(world.provider, world.loop, world.clock, http::Method::head, "/v1/models");
  CHECK(head.responder.status == 200);
  CHECK(head.responder.body.empty());
  CHECK(head.responder.length == world.get("/v1/models")->responder.body.size());
  std::vector<std::string> ids;
  for (int i = 0; i < 100; ++i)
    ids.push_back(world.post("/v1/completions", R"({"model":"m","prompt":"x"})")->json()["id"]);
  std::sort(ids.begin(), ids.end());
  CHECK(std::adjacent_find(ids.begin(), ids.end()) == ids.end());
}
