#include "routing/retry.h"

#include <algorithm>
#include <array>

#include "base/mix.h"
#include "base/money_words.h"
#include "base/text.h"

namespace sluice::routing {
namespace {

enum class Kind : unsigned char {
  ours,         // not a target's: the caller left, a bad request, sluice is shutting down
  not_here,     // not sent: the provider's limits, or the request cannot be translated for it
  unreachable,  // no connection
  momentary,    // 500, or a connection that broke
  busy,         // the target or a proxy before it is overloaded
  conflict,     // 409, 425: conflicting or early requests
  limited,      // 429
  silent,       // no answer in time
  unknown_key,  // 401, 403 by which the credential itself is bad
  forbidden,    // 401, 403 that may be about this model or this request only
  quota,        // no money
  too_long,     // more than its context window
  policy,       // rejected for its content
  rejected,     // any other fault of the request
  failed,       // an error within an answer of status 200, without details
};

struct Row {
  Kind kind;
  std::string_view name;
  Next first;     // after the first attempt at a target
  Next later;     // after further ones
  bool or_again;  // if no other target is left
  Blame blame;
  bool backs_off;  // benched for as long as the wait
};

constexpr std::array rows = std::to_array<Row>({
    {Kind::ours, "ours", Next::give_up, Next::give_up, false, Blame::nobody, false},
    {Kind::not_here, "not here", Next::move_on, Next::move_on, false, Blame::nobody, false},
    {Kind::unreachable, "unreachable", Next::move_on, Next::move_on, true, Blame::target, true},
    {Kind::momentary, "momentary", Next::again, Next::move_on, true, Blame::target, true},
    {Kind::busy, "busy", Next::move_on, Next::move_on, true, Blame::target, true},
    {Kind::conflict, "conflict", Next::again, Next::move_on, true, Blame::nobody, false},
    {Kind::limited, "limited", Next::move_on, Next::move_on, true, Blame::nobody, true},
    {Kind::silent, "silent", Next::move_on, Next::move_on, false, Blame::target, false},
    {Kind::unknown_key, "unknown key", Next::move_on, Next::move_on, false, Blame::credential, false},
    {Kind::forbidden, "forbidden", Next::move_on, Next::move_on, false, Blame::nobody, false},
    {Kind::quota, "quota", Next::move_on, Next::move_on, false, Blame::credential, false},
    {Kind::too_long, "too long", Next::move_on, Next::move_on, false, Blame::nobody, false},
    {Kind::policy, "policy", Next::give_up, Next::give_up, false, Blame::nobody, false},
    {Kind::rejected, "rejected", Next::give_up, Next::give_up, false, Blame::nobody, false},
    {Kind::failed, "failed", Next::move_on, Next::move_on, true, Blame::target, true},
});

constexpr bool rows_are_in_order() {
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].kind != static_cast<Kind>(i)) return false;
  }
  return rows.size() == static_cast<size_t>(Kind::failed) + 1;
}
static_assert(rows_are_in_order());

template <size_t Size>
bool has_one_of(std::string_view text, const std::array<std::string_view, Size>& words) {
  const std::string lower = to_lower(text);
  return std::any_of(words.begin(), words.end(),
                     [&lower](std::string_view word) { return lower.find(word) != lower.npos; });
}

constexpr size_t max_message_bytes = 2'048;  // how much of a message is looked at

bool is_too_long(const Outcome& outcome) {
  constexpr std::array<std::string_view, 3> codes = {"context_length", "context_window", "exceed_context"};
  constexpr std::array<std::string_view, 9> words = {
      "context length",        "context window",     "context limit",
      "context size",          "prompt is too long", "input is too long",
      "too many input tokens", "input token count",  "reduce the length of the messages"};
  return has_one_of(outcome.target_code, codes) || has_one_of(outcome.message.substr(0, max_message_bytes), words);
}

bool is_policy(const Outcome& outcome) {
  constexpr std::array<std::string_view, 7> codes = {
      "content_policy",     "content_filter", "policyviolation",       "moderation",
      "prohibited_content", "safety",         "data_inspection_failed"};
  constexpr std::array<std::string_view, 3> words = {"content policy", "was flagged", "moderation"};
  return has_one_of(outcome.target_code, codes) || has_one_of(outcome.message.substr(0, max_message_bytes), words);
}

bool is_of_the_model(const Outcome& outcome) {
  constexpr std::array<std::string_view, 1> words = {"model"};
  return has_one_of(outcome.target_code, words);
}

// Whether a 401 or 403 says that the credential is bad for whatever is asked with it. Many say only that it may not do
// this: a file of another project, an endpoint outside its scopes, a prompt that a firewall dislikes.
bool is_bad_key(const Outcome& outcome) {
  constexpr std::array<std::string_view, 10> codes = {
      "invalid_api_key", "incorrect_api_key", "api_key_invalid",    "api_key_expired",      "account_deactivated",
      "invalid_token",   "token_expired",     "unrecognizedclient", "invalidclienttokenid", "expiredtoken"};
  constexpr std::array<std::string_view, 2> codes_of_401 = {"authentication", "unauthenticated"};
  constexpr std::array<std::string_view, 8> openings = {
      "incorrect api key",         "invalid api key",
      "invalid x-api-key",         "invalid api token",
      "api key not valid",         "api key expired",
      "no auth credentials found", "access denied due to invalid subscription key"};
  if (has_one_of(outcome.target_code, codes)) return true;
  if (outcome.status == 401 && has_one_of(outcome.target_code, codes_of_401)) return true;
  const std::string lower = to_lower(outcome.message.substr(0, 64));
  return lower == "unauthorized" || std::any_of(openings.begin(), openings.end(), [&lower](std::string_view opening) {
           return lower.starts_with(opening);
         });
}

// For an error within a 200, whose status says nothing.
Kind kind_of_word(const Outcome& outcome) {
  constexpr std::array<std::string_view, 3> rate = {"rate_limit", "resource_exhausted", "too_many_requests"};
  constexpr std::array<std::string_view, 3> load = {"overloaded", "unavailable", "capacity"};
  constexpr std::array<std::string_view, 3> key = {"authentication", "invalid_api_key", "unauthenticated"};
  constexpr std::array<std::string_view, 2> request = {"invalid_request", "invalid_argument"};
  const std::string_view code = outcome.target_code;
  if (is_policy(outcome)) return Kind::policy;
  if (is_too_long(outcome)) return Kind::too_long;
  if (has_one_of(code, rate)) return Kind::limited;
  if (has_one_of(code, load)) return Kind::busy;
  if (has_one_of(code, key)) return Kind::unknown_key;
  return has_one_of(code, request) ? Kind::rejected : Kind::failed;
}

Kind kind_of_status(const Outcome& outcome) {
  switch (outcome.status) {
    case 401:
      return is_bad_key(outcome) ? Kind::unknown_key : Kind::forbidden;
    case 402:
      return Kind::quota;
    case 403:
      if (is_policy(outcome)) return Kind::policy;
      return is_bad_key(outcome) ? Kind::unknown_key : Kind::forbidden;
    case 408:
      return Kind::busy;
    case 409:
    case 425:
      return Kind::conflict;
    case 429:
      return Kind::limited;
    case 500:
      return Kind::momentary;
    case 501:
    case 505:
      return Kind::rejected;
    default:
      if (outcome.status >= 500) return Kind::busy;
      if (outcome.status < 400) return kind_of_word(outcome);
      return is_too_long(outcome) ? Kind::too_long : is_policy(outcome) ? Kind::policy : Kind::rejected;
  }
}

Kind kind_of(const Outcome& outcome) {
  switch (outcome.code) {
    case ErrorCode::target_unresolved:
    case ErrorCode::target_refused:
    case ErrorCode::target_tls:
      return Kind::unreachable;
    case ErrorCode::target_broke:
    case ErrorCode::target_cut:
      return Kind::momentary;
    case ErrorCode::target_timeout:
    case ErrorCode::target_stalled:
      return Kind::silent;
    case ErrorCode::target_unauthorized:
    case ErrorCode::target_quota:
    case ErrorCode::target_rate_limited:
    case ErrorCode::target_rejected:
    case ErrorCode::target_error:
      if (outcome.code == ErrorCode::target_quota) return Kind::quota;
      if (is_unpaid(outcome.status, outcome.target_code, outcome.message)) return Kind::quota;
      return kind_of_status(outcome);
    case ErrorCode::rate_limited:
    case ErrorCode::overloaded:
    case ErrorCode::untranslatable:
      return Kind::not_here;
    default:
      return Kind::ours;
  }
}

// Doubles with each try; the jitter (half to all of it) keeps requests that failed together from coming back together.
uint32_t backoff(uint32_t tries, const config::Retry& retry, uint64_t chance) {
  constexpr uint32_t max_doublings = 16;
  const uint64_t whole = std::min<uint64_t>(
      uint64_t{retry.backoff_ms} << std::min(tries > 0 ? tries - 1 : 0, max_doublings), retry.wait_ms);
  return static_cast<uint32_t>(whole - mixed(chance) % (whole / 2 + 1));
}

uint32_t credential_bench(Kind kind, const Outcome& outcome) {
  const uint32_t by_kind = kind == Kind::quota ? unpaid_bench_ms : refused_bench_ms;
  return std::min(outcome.retry_after_ms.value_or(by_kind), max_bench_ms);
}

}  // namespace

Verdict judge(const Outcome& outcome, uint32_t tries_at_target, const config::Retry& retry, uint64_t chance) {
  const Kind kind = kind_of(outcome);
  const Row& row = rows[static_cast<size_t>(kind)];
  Verdict verdict;
  verdict.next = tries_at_target <= 1 ? row.first : row.later;
  verdict.blame = row.blame;
  verdict.or_again = row.or_again;
  verdict.larger_window = kind == Kind::too_long;
  verdict.other_key = row.blame == Blame::credential || kind == Kind::limited || kind == Kind::forbidden;
  if (row.blame == Blame::credential) verdict.bench_ms = credential_bench(kind, outcome);
  if (kind == Kind::forbidden) verdict.bench_ms = is_of_the_model(outcome) ? refused_bench_ms : doubted_bench_ms;
  if (row.or_again) {
    const bool told = outcome.retry_after_ms.has_value();
    const uint32_t wait = told ? *outcome.retry_after_ms : backoff(tries_at_target, retry, chance);
    const bool too_long = wait > retry.wait_ms;
    if (told && !too_long && tries_at_target <= 1) verdict.next = Next::again;
    if (too_long) verdict.next = Next::move_on;
    verdict.or_again = !too_long;
    verdict.wait_ms = too_long ? 0 : wait;
    if (row.backs_off || told) verdict.bench_ms = std::min(wait, max_bench_ms);
  }
  if (verdict.next == Next::again) verdict.or_again = false;
  if (outcome.begun)
    verdict.next = Next::give_up, verdict.or_again = verdict.larger_window = verdict.other_key = false,
    verdict.wait_ms = 0;
  return verdict;
}

std::string_view fault_name(const Outcome& outcome) { return rows[static_cast<size_t>(kind_of(outcome))].name; }

}  // namespace sluice::routing
