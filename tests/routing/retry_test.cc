#include "routing/retry.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace sluice::routing {
namespace {

using Code = ErrorCode;

// 200 ms of backoff are 100 to 200 with jitter; "w" is a wait in that range.
std::string text_of(const Verdict& verdict) {
  constexpr uint32_t least = 100, most = 200;
  const auto time = [](uint32_t ms) { return ms >= least && ms <= most ? "w" : std::to_string(ms); };
  std::string text = verdict.next == Next::again ? "again" : verdict.next == Next::move_on ? "move on" : "give up";
  if (verdict.wait_ms != 0) text += " after " + time(verdict.wait_ms);
  if (verdict.or_again) text += ", else again";
  if (verdict.larger_window) text += " to a larger window";
  if (verdict.blame != Blame::nobody) text += verdict.blame == Blame::target ? "; target" : "; credential";
  if (verdict.bench_ms != 0) text += "; left alone " + time(verdict.bench_ms);
  return text;
}

struct Row {
  Outcome outcome;
  const char* first;  // the verdict after one attempt at the target
  const char* later;  // after two; nullptr: the same
};

void check(const std::vector<Row>& rows) {
  const config::Retry retry;
  for (const Row& row : rows) {
    INFO(name_of(row.outcome.code) << " " << row.outcome.status << " " << row.outcome.target_code << " "
                                   << row.outcome.message);
    CHECK(text_of(judge(row.outcome, 1, retry, 7)) == row.first);
    if (row.later != nullptr) CHECK(text_of(judge(row.outcome, 2, {4, 100, 5'000}, 7)) == row.later);
  }
}

Outcome answered(int status, std::string_view code = {}, std::string_view message = {},
                 std::optional<uint32_t> retry_after_ms = {}) {
  const Code outcome = status == 401 || status == 403  ? Code::target_unauthorized
                       : status == 402                 ? Code::target_quota
                       : status == 429                 ? Code::target_rate_limited
                       : status >= 400 && status < 500 ? Code::target_rejected
                                                       : Code::target_error;
  return {outcome, status, code, message, retry_after_ms, false};
}

TEST_CASE("money that is wanting is known by its words, too, where the code means any fault of a request") {
  for (const char* const said :
       {"Your credit balance is too low to access the Anthropic API.",
        "You have reached your specified API usage limits. You will regain access on 2027-01-01",
        "Insufficient Balance"}) {
    for (const int status : {400, 429}) {
      const Verdict verdict = judge(answered(status, "invalid_request_error", said), 1, {}, 7);
      CHECK(verdict.next == Next::move_on);
      CHECK(verdict.blame == Blame::credential);
      CHECK(verdict.other_key);
      CHECK(verdict.bench_ms == unpaid_bench_ms);
    }
  }
}

constexpr const char* busy = "move on after w, else again; target; left alone w";
constexpr const char* final = "give up";

TEST_CASE("connections: what broke is asked once more, who cannot be reached or says nothing is not") {
  check({
      {{Code::target_unresolved}, busy, busy},
      {{Code::target_refused}, busy, busy},
      {{Code::target_tls}, busy, busy},
      {{Code::target_broke}, "again after w; target; left alone w", busy},
      {{Code::target_cut}, "again after w; target; left alone w", busy},
      {{Code::target_timeout}, "move on; target", "move on; target"},
      {{Code::target_stalled}, "move on; target", "move on; target"},
  });
}

TEST_CASE("statuses decide") {
  check({
      {answered(500), "again after w; target; left alone w", busy},
      {answered(502), busy, busy},
      {answered(503), busy, busy},
      {answered(504), busy, busy},
      {answered(520), busy, busy},
      {answered(529, "overloaded_error"), busy, busy},
      {answered(408), busy, busy},
      {answered(409), "again after w", "move on after w, else again"},
      {answered(425), "again after w", "move on after w, else again"},
      {answered(429, "rate_limit_exceeded"), "move on after w, else again; left alone w",
       "move on after w, else again; left alone w"},
      {answered(501), final, final},
      {answered(505), final, final},
      {answered(400, "invalid_request_error"), final, final},
      {answered(404, "model_not_found"), final, final},
      {answered(405), final, final},
      {answered(413, "request_too_large", "Request exceeds the maximum size"), final, final},
      {answered(422), final, final},
  });
}

TEST_CASE("Retry-After is honoured as far as is waited, and beyond it the next one is asked") {
  check({
      {answered(429, "", "", 5'000), "again after 5000; left alone 5000",
       "move on after 5000, else again; left alone 5000"},
      {answered(429, "", "", 5'001), "move on; left alone 5001", "move on; left alone 5001"},
      {answered(503, "", "", 1'000), "again after 1000; target; left alone 1000",
       "move on after 1000, else again; target; left alone 1000"},
      {answered(503, "", "", 60'000), "move on; target; left alone 60000", nullptr},
      {answered(500, "", "", 60'000), "move on; target; left alone 60000", nullptr},
      {answered(409, "", "", 10), "again after 10; left alone 10", nullptr},
      {answered(529, "", "", 0), "again; target", nullptr},
      {answered(429, "", "", 4'000'000'000), "move on; left alone 3600000", nullptr},
      {answered(400, "", "", 10), final, nullptr},
  });
}

TEST_CASE("credentials and money: the credential is left alone, not the provider") {
  check({
      {answered(401, "invalid_api_key"), "move on; credential; left alone 60000", nullptr},
      {answered(401, "authentication_error"), "move on; credential; left alone 60000", nullptr},
      {answered(401, "", "Incorrect API key provided: ***"), "move on; credential; left alone 60000", nullptr},
      {answered(401), "move on; left alone 10000", nullptr},
      {answered(401, "invalid_request_error", "Missing scopes: model.request"), "move on; left alone 10000", nullptr},
      {answered(403), "move on; left alone 10000", nullptr},
      {answered(403, "permission_error"), "move on; left alone 10000", nullptr},
      {answered(403, "model_not_found", "no access to model gpt-5"), "move on; left alone 60000", nullptr},
      {answered(402), "move on; credential; left alone 300000", nullptr},
      {answered(429, "insufficient_quota"), "move on; credential; left alone 300000", nullptr},
      {answered(429, "credit_balance_exhausted", "", 1'000), "move on; credential; left alone 1000", nullptr},
      {answered(400, "billing_hard_limit_reached"), "move on; credential; left alone 300000", nullptr},
      {answered(400, "organization_spend_limit_reached"), "move on; credential; left alone 300000", nullptr},
      {answered(403, "BILLING_DISABLED"), "move on; credential; left alone 300000", nullptr},
      {answered(200, "insufficient_quota"), "move on; credential; left alone 300000", nullptr},
      {{Code::target_quota, 429, "", "", 90'000, false}, "move on; credential; left alone 90000", nullptr},
  });
}

TEST_CASE("a request that is too long goes to a larger window only") {
  const char* const larger = "move on to a larger window";
  check({
      {answered(400, "context_length_exceeded"), larger, larger},
      {answered(400, "invalid_request_error", "prompt is too long: 207791 tokens > 200000 maximum"), larger, nullptr},
      {answered(400, "invalid_request_error", "input length and `max_tokens` exceed context limit: 174167 + 64000"),
       larger, nullptr},
      {answered(400, "BadRequestError", "This model's maximum context length is 16384 tokens. However, you"), larger,
       nullptr},
      {answered(400, "INVALID_ARGUMENT", "The input token count (1200000) exceeds the maximum number of tokens"),
       larger, nullptr},
      {answered(400, "exceed_context_size_error", "the request exceeds the available context size"), larger, nullptr},
      {answered(413, "", "Input is too long for requested model."), larger, nullptr},
      {answered(200, "context_length_exceeded"), larger, nullptr},
      {answered(400, "", std::string_view("no words of it")), final, nullptr},
      // About a rate limit, not a context window.
      {answered(429, "", "context length: too many tokens per minute"), "move on after w, else again; left alone w",
       nullptr},
  });
}

TEST_CASE("refusals for what is asked are final") {
  check({
      {answered(400, "content_policy_violation"), final, final},
      {answered(400, "ResponsibleAIPolicyViolation"), final, final},
      {answered(403, "", "Your input was flagged"), final, final},
      {answered(200, "content_filter"), final, final},
  });
}

TEST_CASE("an error within a 200 goes by its word") {
  check({
      {answered(200, "overloaded_error"), busy, busy},
      {answered(200, "UNAVAILABLE"), busy, busy},
      {answered(200, "api_error"), busy, busy},
      {answered(200), busy, busy},
      {answered(200, "rate_limit_error"), "move on after w, else again; left alone w", nullptr},
      {answered(200, "RESOURCE_EXHAUSTED"), "move on after w, else again; left alone w", nullptr},
      {answered(200, "authentication_error"), "move on; credential; left alone 60000", nullptr},
      {answered(200, "invalid_request_error"), final, nullptr},
  });
}

TEST_CASE("what the target has no part in") {
  check({
      {{Code::caller_gone}, final, final},
      {{Code::draining}, final, final},
      {{Code::internal}, final, final},
      {{Code::bad_request}, final, final},
      {{Code::rate_limited}, "move on", "move on"},  // refused by the provider's limits
      {{Code::overloaded}, "move on", "move on"},
      {{Code::untranslatable}, "move on", "move on"},
  });
}

TEST_CASE("once the caller has output nothing is asked again, and the blame stays") {
  for (Outcome outcome : {Outcome{Code::target_cut}, Outcome{Code::target_stalled}, answered(200, "overloaded_error"),
                          answered(200, "insufficient_quota"), answered(200, "context_length_exceeded")}) {
    const Verdict before = judge(outcome, 1, {}, 3);
    outcome.begun = true;
    const Verdict after = judge(outcome, 1, {}, 3);
    CHECK(after.next == Next::give_up);
    CHECK(after.blame == before.blame);
    CHECK(after.bench_ms == before.bench_ms);
    CHECK_FALSE(after.or_again);
    CHECK_FALSE(after.larger_window);
    CHECK(after.wait_ms == 0);
  }
}

TEST_CASE("backoff doubles, is jittered, and never longer than is waited") {
  const config::Retry retry{16, 200, 5'000};
  for (uint32_t tries = 1; tries < 40; ++tries) {
    const uint64_t whole = tries > 5 ? 5'000 : uint64_t{200} << (tries - 1);
    uint32_t least = UINT32_MAX, most = 0;
    for (uint64_t chance = 0; chance < 2'000; ++chance) {
      const uint32_t wait = judge({Code::target_refused}, tries, retry, chance).wait_ms;
      least = std::min(least, wait), most = std::max(most, wait);
    }
    INFO(tries);
    CHECK(least >= whole / 2);
    CHECK(least < whole / 2 + whole / 50);
    CHECK(most <= whole);
    CHECK(most > whole - whole / 50);
  }
  CHECK(judge({Code::target_refused}, 1, {4, 0, 5'000}, 1).wait_ms == 0);
  CHECK(judge({Code::target_broke}, 1, {4, 60'000, 100}, 1).wait_ms <= 100);
  CHECK(judge({Code::target_broke}, 1, {4, 60'000, 0}, 1) == Verdict{Next::again, Blame::target, false, false, 0, 0});
}

TEST_CASE("the table names each fault") {
  CHECK(fault_name({Code::target_timeout}) == "silent");
  CHECK(fault_name(answered(429)) == "limited");
  CHECK(fault_name(answered(400, "insufficient_quota")) == "quota");
  CHECK(fault_name(answered(418)) == "rejected");
}

}  // namespace
}  // namespace sluice::routing
