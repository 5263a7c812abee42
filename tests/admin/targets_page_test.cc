#include "admin/targets_page.h"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>

#include "admin/explain_query.h"
#include "admin/world.h"
#include "routing/explain.h"

namespace sluice::admin {
namespace {

config::Config some_config() {
  config::Config config;
  for (const char* name : {"lab", "attic"}) {
    config::Provider provider;
    provider.name = name;
    provider.dialects = {Dialect::openai};
    config.providers.push_back(provider);
  }
  config.models = {{"smart", {{"lab", "x", 1, 3}, {"attic", "y"}}}};
  config.models[0].order = config::Order::listed;
  return config;
}

TEST_CASE("/admin/targets tells how each target is doing") {
  const config::Config config = some_config();
  routing::HealthBoard board(config);
  CHECK(targets_body(board, 5'000) ==
        "{\"targets\":[\n"
        "{\"target\":\"lab/x\",\"state\":\"closed\",\"free_in_ms\":0,\"failures_in_a_row\":0,\"in_flight\":0,"
        "\"asked_total\":0,\"succeeded_total\":0,\"failed_total\":0,\"repeats_refused_total\":0,\"share\":0.000,"
        "\"first_output_ms\":null,\"first_output_p95_ms\":null,\"last_error\":null},\n"
        "{\"target\":\"attic/y\",\"state\":\"closed\",\"free_in_ms\":0,\"failures_in_a_row\":0,\"in_flight\":0,"
        "\"asked_total\":0,\"succeeded_total\":0,\"failed_total\":0,\"repeats_refused_total\":0,\"share\":0.000,"
        "\"first_output_ms\":null,\"first_output_p95_ms\":null,\"last_error\":null}],\"credentials\":[],\n\"left_out\":"
        "0}\n");
  routing::TargetHealth &x = *board.find("lab/x"), &rest = *board.find("attic");
  for (int i = 0; i < 2; ++i) x.began();
  rest.began(), rest.ended();
  x.succeeded(5'000, 250'001);
  x.ended();
  for (int i = 0; i < 5; ++i) x.failed(5'000, {});
  x.note_error(5'000, "the \"model\" is asleep");
  const std::string body = targets_body(board, 6'500);
  CHECK(
      body.find("{\"target\":\"lab/x\",\"state\":\"open\",\"free_in_ms\":3500,\"failures_in_a_row\":5,\"in_flight\":1,"
                "\"asked_total\":2,\"succeeded_total\":1,\"failed_total\":5,\"repeats_refused_total\":0,"
                "\"share\":0.667,\"first_output_ms\":251,\"first_output_p95_ms\":251,\"last_error\":{\"message\":"
                "\"the \\\"model\\\" is asleep\",\"ago_ms\":1500}}") != std::string::npos);
  CHECK(body.find("{\"target\":\"attic\",\"state\":\"closed\"") != std::string::npos);
  CHECK(body.find("\"share\":0.333") != std::string::npos);
}

TEST_CASE("/admin/targets is bounded, and keeps those that matter") {
  config::Config config = some_config();
  std::vector<config::TargetRef>& targets = config.models[0].targets;
  for (int i = 0; i < 20; ++i) targets.push_back({"lab", std::to_string(i)});
  routing::HealthBoard board(config);
  board.find("lab/19")->began();
  board.find("lab/7")->drain();
  const std::string body = targets_body(board, 0, 10);
  CHECK(body.find("lab/19") != std::string::npos);
  CHECK(body.find("{\"target\":\"lab/7\",\"state\":\"drained\"") != std::string::npos);
  CHECK(body.find("lab/18") == std::string::npos);
  CHECK(body.find("\"left_out\":20") != std::string::npos);
  const std::string few = targets_body(board, 0, 1);
  CHECK(few.find("\"left_out\":21") != std::string::npos);
}

TEST_CASE("an operator drains, benches and frees a target") {
  World world;
  const config::Config config = some_config();
  routing::HealthBoard board(config);
  const auto control = [&](std::string_view body) {
    const Result<void> done = control_target(board, world.log, body, 1'000, "ops", "127.0.0.1");
    return done ? "" : std::string(name_of(done.error().code)) + ": " + done.error().message;
  };
  const routing::TargetHealth& x = *board.find("lab/x");
  CHECK(control(R"({"target": "lab/x", "action": "drain"})").empty());
  CHECK(x.standing(1'000) == routing::Standing::drained);
  CHECK(control(R"({"target": "lab/x", "action": "free"})").empty());
  CHECK(x.standing(1'000) == routing::Standing::closed);
  CHECK(control(R"({"target": "lab/x", "action": "bench"})").empty());
  CHECK(x.standing(60'999) == routing::Standing::benched);
  CHECK(x.standing(61'000) == routing::Standing::closed);
  CHECK(control(R"({"action": "bench", "for_s": 604800, "target": "lab"})").empty());
  CHECK(board.find("lab")->standing(604'800'999) == routing::Standing::benched);
  CHECK(control(R"({"target": "lab/nothing", "action": "drain"})") ==
        "unknown_model: no target is called 'lab/nothing'; GET /admin/targets lists them");
  const std::string wrong =
      "bad_request: the body must be {\"target\": \"provider/model\", \"action\": \"drain\", \"bench\" or \"free\"}; "
      "with bench, \"for_s\": seconds from 1 to 604800 (default 60)";
  for (const char* body :
       {"", "[]", "{}", R"({"target": "lab/x"})", R"({"action": "drain"})", R"({"target": "lab/x", "action": "stop"})",
        R"({"target": 1, "action": "drain"})", R"({"target": "lab/x", "action": "drain", "for_s": 5})",
        R"({"target": "lab/x", "action": "bench", "for_s": 0})",
        R"({"target": "lab/x", "action": "bench", "for_s": 604801})",
        R"({"target": "lab/x", "action": "bench", "for_s": 1.5})", R"({"target": "lab/x", "action": "bench", "x": 1})",
        R"({"target": "", "action": "drain"})"}) {
    INFO(body);
    CHECK(control(body) == wrong);
  }
  CHECK(x.standing(1'000'000) == routing::Standing::closed);
}

TEST_CASE("pages of targets") {
  World world;
  const auto got = world.ask(http::Method::get, "/admin/targets");
  CHECK(got.status == 200);
  CHECK(got.body == "{\"targets\":[]}");
  CHECK(world.asked.back() == PageAccess::admins);
  const auto posted = world.ask(http::Method::post, "/admin/targets", {}, R"({"target": "lab/x", "action": "free"})");
  CHECK(posted.status == 200);
  CHECK(posted.body == "{\"targets\":[]}");
  CHECK(world.controlled == R"(: {"target": "lab/x", "action": "free"})");
  CHECK(world.ask(http::Method::post, "/admin/targets", {}, "{}").status == 400);
  CHECK(world.ask(http::Method::post, "/admin/targets", {}, std::string(5'000, ' ')).status == 413);
  world.visitor = tl::unexpected<Error>(Error{ErrorCode::forbidden, "not yours"});
  CHECK(world.ask(http::Method::get, "/admin/targets").status == 403);
  CHECK(world.ask(http::Method::get, "/admin/explain?model=m").status == 403);
}

TEST_CASE("/admin/explain reads what would be asked") {
  World world;
  const auto got =
      world.ask(http::Method::get,
                "/admin/explain?model=a%2Fb&tokens=900&images=1&tools=true&audio=0&dialect=anthropic&affinity=s%201");
  CHECK(got.status == 200);
  CHECK(got.body == "{\"targets\":[]}\n");
  CHECK(world.explained == "a/b anthropic s 1 900 images tools");
  CHECK(world.ask(http::Method::get, "/admin/explain?model=nothing").status == 404);
  for (const char* query : {"", "?model=", "?tokens=1", "?model=a&tokens=x", "?model=a&tokens=", "?model=a&images=2",
                            "?model=a&dialect=french", "?model=a&what=1", "?model=a&tokens=99999999999999999999"}) {
    INFO(query);
    const auto wrong = world.ask(http::Method::get, std::string("/admin/explain") + query);
    CHECK(wrong.status == 400);
    CHECK(wrong.body.find("allowed: model=NAME") != std::string::npos);
  }
}

TEST_CASE("an explanation shows the order, the reasons and who is left out") {
  config::Config config = some_config();
  config.models[0].fallbacks = {"attic/z"};
  config.models[0].affinity = {config::Affinity::Kind::header, "x-session"};
  routing::HealthBoard board(config);
  const routing::Fits fits = [](const config::Provider& provider, std::string_view, uint32_t) -> routing::ModelFit {
    return provider.name == "attic" ? routing::ModelFit{100, true, false, true, false} : routing::ModelFit{8'000};
  };
  const routing::Router router(config, {}, 0, &board, fits);
  board.find("lab/x")->leave_alone(2'250);
  board.find("lab/x")->began();
  routing::Asking asking;
  asking.now_ms = 1'000;
  asking.estimated_tokens = 500;
  const auto explanation = routing::explain(router, "smart", asking);
  REQUIRE(explanation);
  CHECK(routing::explanation_text(*explanation) ==
        "smart: order listed, affinity header:x-session, up to 4 attempts\n"
        "  1  attic/z  fallback  closed\n"
        "  2  lab/x    listed    backing_off, for 1.3 s, 1 of 3 under way\n"
        "  -  attic/y  left out  its context window is too small\n");
  CHECK(
      routing::explanation_json(*explanation) ==
      "{\"model\":\"smart\",\"route\":\"smart\",\"order\":\"listed\",\"affinity\":\"header:x-session\",\"attempts\":4,"
      "\"targets\":[\n"
      "{\"target\":\"attic/z\",\"why\":\"fallback\",\"state\":\"closed\",\"free_in_ms\":0,\"in_flight\":0,"
      "\"concurrent\":null,\"context_window\":null},\n"
      "{\"target\":\"lab/x\",\"why\":\"listed\",\"state\":\"backing_off\",\"free_in_ms\":1250,\"in_flight\":1,"
      "\"concurrent\":3,\"context_window\":8000}],\"left_out\":[\n"
      "{\"target\":\"attic/y\",\"why\":\"its context window is too small\"}]}\n");
  const auto other = routing::explain(router, "lab/x\x1b", asking);
  CHECK_FALSE(other);
  const auto bare = routing::explain(router, "lab/new", asking);
  REQUIRE(bare);
  CHECK(routing::explanation_text(*bare) ==
        "lab/new: not a name in models, up to 4 attempts\n  1  lab/new  only one  closed\n");
  CHECK(routing::explanation_json(*bare).starts_with(
      "{\"model\":\"lab/new\",\"route\":null,\"order\":null,\"affinity\":\"none\",\"attempts\":4,"));
}

}  // namespace
}  // namespace sluice::admin
