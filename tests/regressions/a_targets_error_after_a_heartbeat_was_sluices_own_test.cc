// A heartbeat had begun the caller's stream when the target answered with an error: the record, the metrics and the
// alerts told it as sluice's or the caller's own, with a status that nobody was sent.
#include <catch2/catch.hpp>

#include "alerts/alerts.h"
#include "gateway/world.h"

namespace sluice::gateway {
namespace {

TEST_CASE("a target's error after the first heartbeat is recorded as the target's") {
  struct Row {
    int status;
    const char* body;
    const char* outcome;
    const char* target_code;
  };
  for (const Row& row : std::vector<Row>{
           {500, R"({"error":{"message":"ouch","code":"boom"}})", "target_error", "boom"},
           {401, R"({"error":{"message":"ouch","code":"invalid_api_key"}})", "target_unauthorized", "invalid_api_key"},
           {403, R"({"error":{"message":"ouch","code":"no"}})", "target_unauthorized", "no"},
           {404, R"({"error":{"message":"ouch","code":"no"}})", "target_rejected", "no"},
           {402, R"({"error":{"message":"ouch","code":"no"}})", "target_quota", "no"},
           {429, R"({"error":{"message":"ouch","code":"no"}})", "target_rate_limited", "no"},
           {503, R"({"error":{"message":"ouch","code":"no"}})", "target_error", "no"},
           {200, R"({"error":{"message":"ouch","code":"no"}})", "target_error", "no"},
           {200, R"({"choices":[{"message":{"content":"hi"},"finish_reason":"stop"}]})", "target_broke", ""},
       }) {
    for (const char* const path : {"/v1/chat/completions", "/v1/messages", "/v1/responses"}) {
      config::Config config = World::plain_config();
      config.heartbeat_ms = 2'000;
      config.models[0].retry.attempts = 1;
      World world(std::move(config));
      INFO(path << " " << row.status << " " << row.body);
      alerts::FailureTally tally;
      world.context->failures = &tally;
      world.say(post(path, R"({"model":"fast","stream":true,"messages":[],"input":"hi","max_tokens":9})"));
      REQUIRE(world.until([&] { return !world.caller->text.empty(); }));
      world.target_says("HTTP/1.1 " + std::to_string(row.status) + " X\r\ncontent-type: application/json\r\n" +
                        "content-length: " + std::to_string(std::string_view(row.body).size()) + "\r\n\r\n" + row.body);
      CHECK(world.caller->text.starts_with("HTTP/1.1 200 "));
      CHECK(world.caller->has("error"));
      const std::string record = world.records();
      INFO(record);
      CHECK(record.find("outcome=" + std::string(row.outcome)) != std::string::npos);
      CHECK(record.find(" status=200") != std::string::npos);
      if (*row.target_code != 0) {
        CHECK(record.find("target_code=" + std::string(row.target_code)) != std::string::npos);
      }
      for (const observe::Cell& refused : world.cells().refusals) CHECK(refused.get() == 0);
      tally.for_each([](const alerts::NotedFailure& failure) { CHECK(failure.subject != alerts::own_subject); });
      world.context->failures = nullptr;
    }
  }
}

}  // namespace
}  // namespace sluice::gateway
