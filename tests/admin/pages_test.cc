#include "admin/pages.h"

#include <catch2/catch.hpp>
#include <set>

#include "admin/world.h"
#include "net/loop.h"

namespace sluice::admin {
namespace {

using http::Method;
using test::FakeResponder;

std::string health_body(const std::string& uptime_s) {
  return "{\"status\":\"ok\",\"version\":\"" SLUICE_VERSION "\",\"uptime_s\":" + uptime_s + "}\n";
}

TEST_CASE("the pages know their paths") {
  struct Row {
    Method method;
    std::string path;
    bool known;
  };
  const std::vector<Row> rows = {
      {Method::get, "/", true},
      {Method::head, "/", true},
      {Method::post, "/", true},
      {Method::get, "", false},
      {Method::get, "*", false},
      {Method::get, "/x", false},
      {Method::get, "/health", true},
      {Method::get, "/healthy", false},
      {Method::get, "/health/", false},
      {Method::del, "/health", true},
      {Method::get, "/ready", true},
      {Method::get, "/rerank", false},
      {Method::get, "/metrics", true},
      {Method::get, "/messages", false},
      {Method::get, "/v1/models", true},
      {Method::post, "/v1/models", true},
      {Method::get, "/v1/models/", true},
      {Method::get, "/v1/models/openai/gpt-5", true},
      {Method::del, "/v1/models/openai/gpt-5", false},
      {Method::get, "/v1/modelsx", false},
      {Method::get, "/models", true},
      {Method::get, "/models/fast", true},
      {Method::post, "/v1/models/gemini-2.5-pro:generateContent", false},
      {Method::post, "/v1/models/gemini-2.5-pro:streamGenerateContent", false},
      {Method::post, "/v1/models/qwen3:8b", false},  // "8b" would be what is to be done with it
      {Method::put, "/v1/models/qwen3:8b", true},
      {Method::post, "/v1/chat/completions", false},
      {Method::post, "/v1/messages", false},
      {Method::get, "/v1", false},
      {Method::get, "/v1/", false},
      {Method::get, "/v1beta/models", false},
      {Method::get, "/api/tags", false},
      {Method::get, "/admin/limits", true},
      {Method::post, "/admin/limits", true},
      {Method::get, "/admin", false},
      {Method::get, "/openapi.json", true},
      {Method::get, "/openapi", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.path, http::name_of(row.method));
    CHECK(Pages::knows(row.method, row.path) == row.known);
  }
}

TEST_CASE("fixed pages, by GET and by HEAD") {
  struct Row {
    std::string target, content_type, body;
  };
  for (const Row& row : std::vector<Row>{
           {"/", "text/plain; charset=utf-8", "sluice is running\n"},
           {"/?x=1", "text/plain; charset=utf-8", "sluice is running\n"},
           {"/health", "application/json", health_body("10")},
           {"/health?verbose=1", "application/json", health_body("10")},
           {"/ready", "application/json", "{\"ready\":true}\n"},
       }) {
    CAPTURE(row.target);
    World world;
    const FakeResponder got = world.ask(Method::get, row.target);
    CHECK(got.status == 200);
    CHECK(got.body == row.body);
    CHECK(got.length == row.body.size());
    CHECK(got.field("content-type") == row.content_type);
    CHECK(got.field("cache-control") == "no-store");
    CHECK(got.field("date") == "Thu, 01 Jan 2026 00:00:10 GMT");
    const FakeResponder headed = world.ask(Method::head, row.target);
    CHECK(headed.status == 200);
    CHECK(headed.fields == got.fields);
    CHECK(headed.length == got.length);
    CHECK(headed.body.empty());
  }
}

TEST_CASE("the time on a page goes on") {
  World world;
  world.clock.pass_ns(second_ns - 1);
  CHECK(world.ask(Method::get, "/health").body == health_body("10"));
  world.clock.pass_ns(1);
  const FakeResponder got = world.ask(Method::get, "/health");
  CHECK(got.body == health_body("11"));
  CHECK(got.length == got.body.size());
  CHECK(got.field("date") == "Thu, 01 Jan 2026 00:00:11 GMT");
}

TEST_CASE("nothing has passed before the start") {
  World world;
  Pages early(world.options(test::FakeClock::start_ns + second_ns), std::make_unique<World::Source>(world));
  http::RequestHead head;
  head.target = "/health";
  FakeResponder responder;
  const auto handler = early.handle(head, responder);
  CHECK(responder.body == health_body("0"));
}

TEST_CASE("not ready while draining, but in good health") {
  World world;
  world.draining = true;
  const FakeResponder got = world.ask(Method::get, "/ready");
  CHECK(got.status == 503);
  CHECK(got.body == "{\"ready\":false,\"reason\":\"draining\"}\n");
  CHECK(world.ask(Method::get, "/health").status == 200);
}

TEST_CASE("the metrics page is Prometheus text") {
  World world;
  world.metrics.worker(0).active_exchanges.set(7);
  const FakeResponder got = world.ask(Method::get, "/metrics");
  CHECK(got.status == 200);
  CHECK(got.field("content-type") == "text/plain; version=0.0.4; charset=utf-8");
  CHECK(got.body.find("\nsluice_active_exchanges 7\n") != std::string::npos);
}

TEST_CASE("models in the words of whoever asks") {
  struct Row {
    std::string target;
    std::vector<std::pair<std::string, std::string>> fields;
    std::string body;
  };
  const std::string gpt5 = R"({"id":"openai/gpt-5","object":"model","created":1767225600,"owned_by":"openai"})";
  const std::string qwen = R"({"id":"ollama/qwen3:8b","object":"model","created":1767225600,"owned_by":"ollama"})";
  const std::string fast = R"({"id":"fast","object":"model","created":1767225600,"owned_by":"openai"})";
  const std::string list = "{\"object\":\"list\",\"data\":[" + fast + "," + gpt5 + "," + qwen + "]}";
  const std::string claude_fast =
      R"({"type":"model","id":"fast","display_name":"fast","created_at":"2026-01-01T00:00:00Z"})";
  const std::vector<Row> rows = {
      {"/v1/models", {}, list},
      {"/models", {}, list},
      {"/v1/models/", {}, list},
      {"/v1/models?limit=1", {}, list},
      {"/v1/models/fast", {}, fast},
      {"/v1/models/openai/gpt-5", {}, gpt5},
      {"/v1/models/openai%2Fgpt-5", {}, gpt5},
      {"/models/openai/gpt-5?x", {}, gpt5},
      {"/v1/models/ollama/qwen3:8b", {}, qwen},
      {"/v1/models/ollama%2fqwen3%3A8b", {}, qwen},
      {"/v1/models/fast", {{"anthropic-version", "2023-06-01"}}, claude_fast},
  };
  for (const Row& row : rows) {
    CAPTURE(row.target);
    World world;
    const FakeResponder got = world.ask(Method::get, row.target, row.fields);
    CHECK(got.status == 200);
    CHECK(got.body == row.body);
    CHECK(got.field("content-type") == "application/json");
  }
  World world;
  const FakeResponder anthropic = world.ask(Method::get, "/v1/models", {{"anthropic-version", "2023-06-01"}});
  CHECK(anthropic.body.find("{\"data\":[" + claude_fast + ",") == 0);
  CHECK(anthropic.body.find("\"has_more\":false") != std::string::npos);
}

TEST_CASE("models are for those whose key is known") {
  World world;
  world.ask(Method::get, "/v1/models", {{"authorization", "Bearer x"}});
  CHECK(world.asked_with == "Bearer x");
  world.visitor = fail(ErrorCode::unauthorized, "this key is not known");
  for (const char* target : {"/v1/models", "/v1/models/fast"}) {
    const FakeResponder got = world.ask(Method::get, target);
    CHECK(got.status == 401);
    CHECK(got.body.find("this key is not known") != std::string::npos);
    CHECK(got.field("www-authenticate") == "Bearer");
    CHECK(got.field("content-type") == "application/json");
  }
}

TEST_CASE("a model that is not there is named with those that are") {
  World world;
  struct Row {
    std::string target, part;
  };
  for (const Row& row :
       std::vector<Row>{{"/v1/models/fasd", "similar ones: fast"},
                        {"/v1/models/zzzzzzzzzzzzzz", "some that there are: fast, openai/gpt-5, ollama/qwen3:8b"},
                        {"/v1/models/a%22b%0a", "a\\\"b\\n"}}) {
    CAPTURE(row.target);
    const FakeResponder got = world.ask(Method::get, row.target);
    CHECK(got.status == 404);
    CHECK(got.body.find(row.part) != std::string::npos);
  }
  world.listed.clear();
  CHECK(world.ask(Method::get, "/v1/models/fast").body.find("none is listed for you") != std::string::npos);
}

// A path of this row.
std::string example_of(const Pages::Page& page) {
  const size_t model = page.path.find("{model}");
  return std::string(page.path.substr(0, model)) + (model == page.path.npos ? "" : "fast");
}

TEST_CASE("a page is for whom its row says, and no other says anything") {
  net::Loop loop;
  std::set<std::string_view> refusing;
  for (const Pages::Page& page : Pages::table()) {
    CAPTURE(page.path);
    World world;
    http::RequestHead head;
    head.method = page.method;
    head.target = example_of(page);
    {
      FakeResponder responder(&loop);
      CHECK(world.pages.handle(head, responder) != nullptr);
      if (responder.finished) CHECK(responder.status == 200);
    }
    const bool asks = page.access >= PageAccess::callers;
    CHECK(world.asked == (asks ? std::vector{page.access} : std::vector<PageAccess>{}));
    CHECK(world.refused.empty());
    world.visitor = fail(ErrorCode::forbidden, "not for you");
    FakeResponder responder(&loop);
    const auto handler = world.pages.handle(head, responder);
    CHECK((responder.status == 403) == asks);
    CHECK(world.refused.size() == (asks ? 1 : 0));
    if (asks) {
      CHECK(responder.body.find("not for you") != std::string::npos);
      CHECK(world.asked_from == responder.peer());
      refusing.insert(page.path);
    }
    CHECK(Pages::is_probe(page.method, head.target) == (page.access == PageAccess::probes));
  }
  CHECK(refusing.size() >= 8);
  CHECK(Pages::is_probe(Method::head, "/health"));
  CHECK_FALSE(Pages::is_probe(Method::post, "/health"));
  CHECK_FALSE(Pages::is_probe(Method::get, "/metrics"));
  CHECK_FALSE(Pages::is_probe(Method::get, "/nothing"));
}

TEST_CASE("limits are told as the source says") {
  World world;
  const FakeResponder fine = world.ask(Method::get, "/admin/limits");
  CHECK(fine.status == 200);
  CHECK(fine.body == "{\"limits\":[]}");
  CHECK(fine.field("content-type") == "application/json");
}

TEST_CASE("what is in flight, and what a reload came to, are told later") {
  net::Loop loop;
  World world;
  http::RequestHead head;
  head.target = "/admin/exchanges";
  FakeResponder exchanges(&loop);
  const auto first = world.pages.handle(head, exchanges);
  CHECK_FALSE(exchanges.head_sent());
  world.waiting("{\"exchanges\":[]}");
  CHECK(exchanges.status == 200);
  CHECK(exchanges.body == "{\"exchanges\":[]}");
  head.method = Method::post;
  head.target = "/admin/reload";
  FakeResponder good(&loop);
  const auto second = world.pages.handle(head, good);
  CHECK(world.reload_by == "no key, from " + good.peer());
  world.reloading({});
  CHECK(good.status == 200);
  CHECK(good.body == "{\"reloaded\":true}\n");
  config::CallerKey key;
  key.name = "ops";
  world.visitor = Visitor{&key};
  FakeResponder bad(&loop);
  const auto third = world.pages.handle(head, bad);
  CHECK(world.reload_by == "key ops, from " + bad.peer());
  world.reloading({"one", "two"});
  CHECK(bad.status == 400);
  CHECK(bad.body.find("the old configuration stays: one; two") != std::string::npos);
}

TEST_CASE("other methods are told which are right, in the caller's dialect") {
  for (const char* target : {"/", "/health", "/ready", "/metrics", "/v1/models", "/v1/models/fast", "/models"}) {
    for (const Method method : {Method::post, Method::put, Method::patch, Method::del, Method::options}) {
      CAPTURE(target, http::name_of(method));
      World world;
      if (method == Method::del && std::string_view(target) == "/v1/models/fast") {  // is for its provider
        CHECK_FALSE(Pages::knows(method, target));
        continue;
      }
      const FakeResponder got = world.ask(method, target);
      CHECK(got.status == 405);
      CHECK(got.field("allow") == "GET, HEAD");
      CHECK(got.body.find("{\"error\":{\"message\":") == 0);
    }
  }
  World world;
  CHECK(world.ask(Method::get, "/admin/reload").field("allow") == "POST");
  CHECK(world.ask(Method::put, "/admin/log-level").field("allow") == "GET, HEAD, POST");
  const FakeResponder anthropic = world.ask(Method::post, "/health", {{"anthropic-version", "2023-06-01"}});
  CHECK(anthropic.body.find("\"type\":\"error\"") != std::string::npos);
}

TEST_CASE("a path that is no page") {
  World world;
  CHECK(world.ask(Method::get, "/nothing").status == 404);
  CHECK(world.ask(Method::post, "/nothing").status == 404);
}

}  // namespace
}  // namespace sluice::admin
