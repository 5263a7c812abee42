#include "api/rate_limit_fields.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace sluice::api {
namespace {

constexpr int64_t noon_ms = 1767268800'000;  // 2026-01-01T12:00:00Z

std::vector<std::string> lines_of(Dialect dialect, const RateLimitState& state, int64_t unix_ms = noon_ms) {
  std::vector<std::string> lines;
  const RateLimitFields made(dialect, state, unix_ms);
  for (const RateLimitFields::Field& field : made.fields()) {
    lines.push_back(std::string(field.name) + ": " + std::string(field.value()));
  }
  return lines;
}

TEST_CASE("what is left is told in the dialect's own fields") {
  const RateLimitState both{{600, 599, 100}, {200'000, 0, 90'500}};
  const std::vector<std::string> openai = {"x-ratelimit-limit-requests: 600",   "x-ratelimit-remaining-requests: 599",
                                           "x-ratelimit-reset-requests: 100ms", "x-ratelimit-limit-tokens: 200000",
                                           "x-ratelimit-remaining-tokens: 0",   "x-ratelimit-reset-tokens: 1m30.5s"};
  for (const Dialect dialect : {Dialect::openai, Dialect::responses, Dialect::gemini, Dialect::ollama}) {
    CHECK(lines_of(dialect, both) == openai);
  }
  CHECK(lines_of(Dialect::anthropic, both) == std::vector<std::string>{
                                                  "anthropic-ratelimit-requests-limit: 600",
                                                  "anthropic-ratelimit-requests-remaining: 599",
                                                  "anthropic-ratelimit-requests-reset: 2026-01-01T12:00:01Z",
                                                  "anthropic-ratelimit-tokens-limit: 200000",
                                                  "anthropic-ratelimit-tokens-remaining: 0",
                                                  "anthropic-ratelimit-tokens-reset: 2026-01-01T12:01:31Z",
                                              });
  CHECK(lines_of(Dialect::openai, {{}, {7, 7, 0}}) == std::vector<std::string>{"x-ratelimit-limit-tokens: 7",
                                                                               "x-ratelimit-remaining-tokens: 7",
                                                                               "x-ratelimit-reset-tokens: 0s"});
  CHECK(lines_of(Dialect::openai, {}).empty());
  CHECK(lines_of(Dialect::anthropic, {}).empty());
}

TEST_CASE("durations as OpenAI writes them") {
  struct Row {
    uint64_t ms;
    std::string text;
  };
  for (const Row& row : std::vector<Row>{{0, "0s"},
                                         {1, "1ms"},
                                         {999, "999ms"},
                                         {1000, "1s"},
                                         {1050, "1.05s"},
                                         {59'999, "59.999s"},
                                         {60'000, "1m0s"},
                                         {360'000, "6m0s"},
                                         {3'600'000, "1h0m0s"},
                                         {7'201'500, "2h0m1.5s"},
                                         {UINT64_MAX, "8760h0m0s"}}) {
    CHECK(lines_of(Dialect::openai, {{1, 0, row.ms}, {}}).at(2) == "x-ratelimit-reset-requests: " + row.text);
  }
}

TEST_CASE("moments are never too early") {
  CHECK(lines_of(Dialect::anthropic, {{1, 0, 0}, {}}, 1709251199'001).at(2) ==
        "anthropic-ratelimit-requests-reset: 2024-03-01T00:00:00Z");
  CHECK(lines_of(Dialect::anthropic, {{UINT32_MAX, UINT32_MAX, UINT64_MAX}, {}}).at(2) ==
        "anthropic-ratelimit-requests-reset: 2027-01-01T12:00:00Z");
}

TEST_CASE("a target's own fields are known") {
  for (const char* name : {"x-ratelimit-limit-requests", "X-RateLimit-Reset-Tokens", "x-ratelimit-whatever",
                           "anthropic-ratelimit-input-tokens-limit", "Anthropic-Ratelimit-Unified-Status"}) {
    CHECK(is_rate_limit_field(name));
  }
  for (const char* name : {"", "x-ratelimi", "retry-after", "anthropic-version", "x-request-id"}) {
    CHECK_FALSE(is_rate_limit_field(name));
  }
}

}  // namespace
}  // namespace sluice::api
