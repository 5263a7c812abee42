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
      {Method::post, "/openai/v1/chat/completions", false},
      {Method::post, "/v1/models/gemini-2.5-pro:generateContent", false},
      {Method::post, "/v1/models/gemini-2.5-pro:streamGenerateContent", false},
      {Method::post, "/v1/models/qwen3:8b", false},  // "8b" would be taken for the verb
      {Method::put, "/v1/models/qwen3:8b", true},
      {Method::post, "/v1/chat/completions", false},
      {Method::post, "/v1/messages", false},
      {Method::get, "/v1", false},
      {Method::get, "/v1/", false},
      {Method::get, "/v1beta/models", true},
      {Method::get, "/v1beta/models/gemini-2.5-pro", true},
      {Method::post, "/v1beta/models/gemini-2.5-pro:countTokens", false},
      {Method::get, "/v1beta/models/veo-3/operations/a", false},
      {Method::get, "/v1beta/modelsx", false},
      {Method::get, "/v1beta/models/gemini-2.5-pro:generateContent", false},  // this is 405
      {Method::get, "/api/tags", true},
      {Method::get, "/api/tags/x", false},
      {Method::post, "/api/show", true},
      {Method::get, "/api/ps", true},
      {Method::get, "/api/version", true},
      {Method::post, "/api/chat", false},
      {Method::post, "/v1/fine_tuning/models", false},
      {Method::get, "/admin/limits", true},
      {Method::post, "/admin/limits", true},
      {Method::get, "/admin", false},
      {Method::get, "/openapi.json", true},
      {Method::get, "/openapi", false},
      {Method::get, "/openai/v1/models", true},
      {Method::head, "/openai/models/fast", true},
      {Method::get, "/v1beta/openai/models/lab/fast", true},
      {Method::post, "/openai/v1/models", false},
      {Method::del, "/openai/v1/models/fast", false},
      {Method::get, "/openai/v1/modelsx", false},
      {Method::get, "/openai/deployments/fast/models", false},
      {Method::get, "/openai/v1/health", false},
      {Method::get, "/openai/admin/limits", false},
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
  const std::string gpt5 =
      R"({"id":"openai/gpt-5","object":"model","created":1700000000,"owned_by":"openai","name":"GPT-5",)"
      R"("context_length":400000,"max_completion_tokens":128000})";
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

TEST_CASE("each dialect's callers ask at their paths, in their words") {
  struct Row {
    Method method;
    std::string target, asked_for, part;
  };
  for (const Row& row : std::vector<Row>{
           {Method::get, "/v1beta/models", "", R"({"models":[{"name":"models/fast",)"},
           {Method::get, "/v1beta/models?pageSize=2", "", R"("nextPageToken":"openai/gpt-5"})"},
           {Method::get, "/v1beta/models?pageToken=openai%2Fgpt-5&pageSize=9", "",
            R"({"models":[{"name":"models/olla)"},
           {Method::get, "/v1beta/models/openai/gpt-5", "openai/gpt-5", R"("inputTokenLimit":400000)"},
           {Method::get, "/v1beta/models/models%2Fopenai%2fgpt-5", "openai/gpt-5", R"({"name":"models/openai/gpt-5")"},
           {Method::get, "/api/tags", "", R"({"models":[{"name":"fast","model":"fast",)"},
           {Method::get, "/api/version", "", R"({"version":")"},
           {Method::get, "/api/ps", "", R"({"models":[]})"}}) {
    CAPTURE(row.target);
    World world;
    const FakeResponder got = world.ask(row.method, row.target);
    CHECK(got.status == 200);
    CHECK(world.asked_for == row.asked_for);
    CHECK(got.body.find(row.part) != std::string::npos);
  }
}

TEST_CASE("a model that a body names is shown") {
  struct Row {
    std::string body;
    int status;
    std::string part;
  };
  for (const Row& row :
       std::vector<Row>{{R"({"model":"openai/gpt-5"})", 200, R"("model.context_length":400000)"},
                        {R"({"name":"fast","verbose":true})", 200, R"("capabilities":["completion","tools"])"},
                        {R"({"model":"nobody's"})", 404, "unknown model 'nobody's'"},
                        {R"({"model":"fast","name":"openai/gpt-5"})", 400, "name"},
                        {R"({})", 400, "names no model"},
                        {"", 400, ""},
                        {"[", 400, ""}}) {
    CAPTURE(row.body);
    World world;
    const FakeResponder responder = world.ask(Method::post, "/api/show", {}, row.body);
    CHECK(responder.status == row.status);
    CHECK(responder.body.find(row.part) != std::string::npos);
  }
  World world;
  const FakeResponder got = world.ask(Method::get, "/api/show");
  CHECK(got.status == 405);
  CHECK(got.field("allow") == "POST");
}

TEST_CASE("a part of a list") {
  struct Row {
    std::string query, names, ending;
  };
  for (const Row& row : std::vector<Row>{
           {"limit=1000", "fast openai/gpt-5 ollama/qwen3:8b", R"("has_more":false)"},
           {"limit=2", "fast openai/gpt-5", R"("has_more":true,"first_id":"fast","last_id":"openai/gpt-5")"},
           {"limit=2&after_id=openai/gpt-5", "ollama/qwen3:8b", R"("has_more":false)"},
           {"after_id=ollama%2Fqwen3:8b", "", R"("has_more":false,"first_id":null,"last_id":null)"},
           {"limit=1&before_id=ollama/qwen3:8b", "openai/gpt-5", R"("has_more":true)"},
           {"limit=2&before_id=ollama/qwen3:8b", "fast openai/gpt-5", R"("has_more":false)"},
           {"limits=1&x", "fast openai/gpt-5 ollama/qwen3:8b", R"("has_more":false)"}}) {
    CAPTURE(row.query);
    World world;
    const std::string body =
        world.ask(Method::get, "/v1/models?" + row.query, {{"anthropic-version", "2023-06-01"}}).body;
    std::string names;
    for (size_t at = body.find(R"("id":")"); at != std::string::npos; at = body.find(R"("id":")", at + 1)) {
      names += (names.empty() ? "" : " ") + body.substr(at + 6, body.find('"', at + 6) - at - 6);
    }
    CHECK(names == row.names);
    CHECK(body.find(row.ending) != std::string::npos);
  }
  for (const char* query : {"limit=0", "limit=x", "limit=1x", "limit=", "limit=-1", "limit=99999999999999999999",
                            "after_id=gone", "after_id=fast&before_id=fast"}) {
    CAPTURE(query);
    World world;
    const auto got = world.ask(Method::get, std::string("/v1/models?") + query, {{"anthropic-version", "2023-06-01"}});
    CHECK(got.status == 400);
    CHECK(got.body.find(R"("type":"invalid_request_error")") != std::string::npos);
  }
}

TEST_CASE("a model that cannot be asked for is told as a request for it would be") {
  World world;
  const FakeResponder got = world.ask(Method::get, "/v1/models/a%22b");
  CHECK(got.status == 404);
  CHECK(got.body.find("unknown model 'a\\\"b'") != std::string::npos);
  CHECK(world.ask(Method::get, "/v1beta/models/models%2F").status == 400);
}

// A request path for this row.
std::string example_of(const Pages::Page& page) {
  if (page.parameters.find("\"required\":true") != page.parameters.npos) return std::string(page.path) + "?model=fast";
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
  CHECK(bad.body.find("the old configuration stays in force: one; two") != std::string::npos);
}

TEST_CASE("other methods are told which are right, in the caller's dialect") {
  for (const char* target : {"/", "/health", "/ready", "/metrics", "/v1/models", "/v1/models/fast", "/models"}) {
    for (const Method method : {Method::post, Method::put, Method::patch, Method::del, Method::options}) {
      CAPTURE(target, http::name_of(method));
      World world;
      if (method == Method::del && std::string_view(target) == "/v1/models/fast") {  // relayed to the model's provider
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
