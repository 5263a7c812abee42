// A provider's 401, 429 or 500, or an error within its stream, was recorded as outcome=ok and counted by no failure
// metric, and the provider's message appeared nowhere.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "api/target_error.h"
#include "gateway/world.h"

namespace sluice::gateway {
namespace {

std::string answer(int status, const std::string& body) {
  return "HTTP/1.1 " + std::to_string(status) +
         " X\r\ncontent-type: application/json\r\ncontent-length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string record_of(World& world, const std::string& target_says) {
  world.say(
      post("/v1/chat/completions", R"({"model":"fast","messages":[]})", "authorization: Bearer sk-callers-own\r\n"));
  world.target_says(target_says);
  return world.records();
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

TEST_CASE("what a provider answers is the outcome, with its code and in its words") {
  struct Row {
    int status;
    std::string body, outcome, code, reason;
  };
  const std::vector<Row> rows = {
      {401, R"({"error":{"message":"bad key","type":"invalid_request_error","param":null,"code":"invalid_api_key"}})",
       "target_unauthorized", "invalid_api_key", "\"bad key\""},
      {403, R"({"error":{"code":403,"message":"no","status":"PERMISSION_DENIED"}})", "target_unauthorized",
       "PERMISSION_DENIED", "no"},
      {429, R"({"type":"error","error":{"type":"rate_limit_error","message":"slow"}})", "target_rate_limited",
       "rate_limit_error", "slow"},
      {429, R"({"error":{"message":"pay","code":"insufficient_quota"}})", "target_quota", "insufficient_quota", "pay"},
      {402, R"({"error":"pay"})", "target_quota", "", "pay"},
      {404, R"({"error":"model 'x' not found"})", "target_rejected", "", "\"model 'x' not found\""},
      {500, R"({"object":"error","message":"boom","type":"InternalServerError","code":500})", "target_error",
       "InternalServerError", "boom"},
      {529, "<html><head><title>529 Overloaded</title></head></html>", "target_error", "", "\"529 Overloaded\""},
      {503, "", "target_error", "", "\"answered with status 503\""},
      {200, R"({"error":{"message":"late","code":"server_error"}})", "target_error", "server_error", "late"},
  };
  for (const Row& row : rows) {
    World world;
    INFO(row.status << " " << row.body);
    const std::string record = record_of(world, answer(row.status, row.body));
    INFO(record);
    CHECK(has(record, " outcome=" + row.outcome + " "));
    CHECK(has(record, " reason=" + row.reason + " "));
    if (!row.code.empty()) CHECK(has(record, " target_code=" + row.code + " "));
    const std::string page = world.metrics.page();
    CHECK(has(page, "sluice_failures_total{target=\"lab/real-model\",code=\"" + row.outcome + "\"} 1\n"));
  }
}

TEST_CASE("an error within a stream, and a stream that is cut, are no ok") {
  const std::string head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
  World error;
  error.say(post("/v1/chat/completions", R"({"model":"fast","stream":true})"));
  error.target_says(head + "data: {\"choices\":[{\"delta\":{\"content\":\"\\\"error\\\"\"}}]}\n\n");
  error.target_says("data: {\"error\":{\"message\":\"overloaded\",\"code\":\"overloaded_error\"}}\n\n");
  error.caller.reset();  // as SDKs do on an error
  error.turn();
  const std::string record = error.records();
  INFO(record);
  CHECK(has(record, " outcome=target_error target_code=overloaded_error reason=overloaded "));

  World cut;
  cut.say(post("/v1/chat/completions", R"({"model":"fast","stream":true})"));
  cut.target_says(head + "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n");
  cut.target().stream.reset();
  cut.turn();
  CHECK(has(cut.metrics.page(), "code=\"target_cut\"} 1\n"));
}

TEST_CASE("a stream that stands still is told as that") {
  config::Config config = World::plain_config();
  config.providers[0].timeouts.stream_idle_ms = 20;
  World world(config);
  world.say(post("/v1/chat/completions", R"({"model":"fast","stream":true})"));
  world.target_says(
      "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: "
      "{\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n");
  REQUIRE(world.until([&] { return world.caller->ended; }));
  CHECK(world.caller->has("data: {\"error\":"));
  const std::string record = world.records();
  INFO(record);
  CHECK(has(record, " status=200 outcome=target_stalled reason=\"lab/real-model: the stream stalled after 20 ms\" "));
  CHECK(has(world.metrics.page(), "sluice_failures_total{target=\"lab/real-model\",code=\"target_stalled\"} 1\n"));
}

TEST_CASE("a provider's words are bounded, masked and hold no control character") {
  World world;
  world.log->mask({"provider-secret"});
  const std::string record =
      record_of(world, answer(400, "{\"error\":{\"message\":\"key provider-secret and sk-callers-own\\u001b[31m" +
                                       std::string(100'000, 'x') + "\"}}"));
  INFO(record.substr(0, 2000));
  CHECK(record.size() < 1500);
  CHECK(has(record, "key *** and ***\\u001b[31m"));
  CHECK_FALSE(has(record, "provider-secret"));
  CHECK_FALSE(has(record, "sk-callers-own"));
}

TEST_CASE("what sluice refuses itself is counted apart") {
  World world;
  world.say(post("/v1/chat/completions", R"({"model":"nowhere","messages":[]})"));
  const std::string page = world.metrics.page();
  CHECK(has(page, "sluice_refusals_total{code=\"unknown_model\"} 1\n"));
  CHECK_FALSE(has(page, "sluice_failures_total{"));
}

TEST_CASE("words of errors that are cut are still words") {
  const std::string whole = R"([{"error":{"code":429,"message":"too \"many\"","status":"RESOURCE_EXHAUSTED"}}])";
  CHECK(api::target_words(whole).message == "too \"many\"");
  for (size_t size = 0; size <= whole.size(); ++size)
    api::target_words(whole.substr(0, size));  // must not read past the end
  CHECK(api::target_words(whole.substr(0, 37)).message == "too ");
}

}  // namespace
}  // namespace sluice::gateway
