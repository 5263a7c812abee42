#include "gateway/caller_pass.h"

#include <algorithm>
#include <cassert>
#include <string>

namespace sluice::gateway {

using policy::Limit;
using policy::LimitRefusal;

namespace {

size_t cell_of(const LimitRefusal& refusal) {
  return static_cast<size_t>(refusal.subject) * limit_kind_names.size() + static_cast<size_t>(refusal.kind);
}

// Which budget of `limit` keeps its waiters waiting.
LimitKind scarcest(Limit& limit, uint64_t now_ns) {
  const policy::LimitState seen = limit.state(now_ns);
  if (seen.concurrent != 0 && seen.in_use >= seen.concurrent) return LimitKind::concurrent;
  const bool no_requests = seen.requests.per_minute != 0 && seen.requests.remaining == 0;
  return no_requests || seen.tokens.per_minute == 0 ? LimitKind::requests : LimitKind::tokens;
}

}  // namespace

CallerPass::~CallerPass() { assert(!hold_.taken() && waiting_ == nullptr); }

policy::Limit* CallerPass::limit(LimitSubject subject) const {
  return subject == LimitSubject::provider ? target_pass_->limit() : hold_.limit(subject);
}

Result<bool> CallerPass::enter(const routing::Target& target, TargetPass& target_pass) {
  target_ = &target;
  target_pass_ = &target_pass;
  if (!hold_.taken()) hold_.be_under(queue_.limiter().of(key_), nullptr, queue_.limiter().of(target.entry));
  const uint64_t now_ns = queue_.loop().now_ns();
  std::optional<LimitRefusal> refusal = refused_by_order(now_ns);
  if (!refusal) refusal = take(now_ns);
  if (!refusal) return true;
  refusal_ = *refusal;
  const uint32_t queue_ms = limit(refusal_.subject)->limits().queue_ms;
  if (queue_ms == 0 || queue_.full()) return tl::unexpected<Error>(refuse());
  wait(queue_ms);
  return false;
}

// Takes everything, or nothing beyond what it already had.
std::optional<LimitRefusal> CallerPass::take(uint64_t now_ns) {
  const bool takes_own = hold_.under_any() && !hold_.taken();
  if (takes_own) {
    if (const auto refusal = hold_.take(tokens_.total(), now_ns)) return refusal;
  }
  const auto refusal = target_pass_->take(tokens_.total(), now_ns);
  if (refusal && takes_own) hold_.undo(now_ns);
  return refusal;
}

// Refuses if others already wait, also on other workers: they come first.
std::optional<LimitRefusal> CallerPass::refused_by_order(uint64_t now_ns) const {
  for (const LimitSubject subject : {LimitSubject::key, LimitSubject::provider, LimitSubject::model}) {
    if (hold_.taken() && subject != LimitSubject::provider) continue;
    Limit* const asked = limit(subject);
    if (asked != nullptr && asked->anyone_waits()) return LimitRefusal{subject, scarcest(*asked, now_ns), 0};
  }
  return std::nullopt;
}

void CallerPass::wait(uint32_t max_ms) {
  queue_.metrics().limit_waited[cell_of(refusal_)].add(1);
  waiting_ = std::make_unique<Waiting>(this);
  waiting_->place = queue_.add(*this);
  wait_for(limit(refusal_.subject));
  queue_.loop().timers().arm(waiting_->deadline, max_ms);
}

void CallerPass::wait_for(Limit* one) {
  if (waiting_->limit == one) return;
  if (waiting_->limit != nullptr) waiting_->limit->end_wait();
  waiting_->limit = one;
  if (one != nullptr) one->begin_wait();
}

void CallerPass::stop_waiting() {
  if (waiting_ == nullptr) return;
  wait_for(nullptr);
  queue_.remove(waiting_->place, waiting_->let_in);
  waiting_ = nullptr;
}

// Returns the limit that still refuses; nullptr: let in, and go_on() follows.
const Limit* CallerPass::try_again(uint64_t now_ns) {
  const std::optional<LimitRefusal> refusal = take(now_ns);
  waiting_->let_in = !refusal;
  if (!refusal) return nullptr;
  refusal_ = *refusal;
  wait_for(limit(refusal_.subject));
  return waiting_->limit;
}

bool CallerPass::under_any_of(const std::vector<const Limit*>& limits) const {
  return std::any_of(limits.begin(), limits.end(), [this](const Limit* one) {
    return one == limit(LimitSubject::key) || one == limit(LimitSubject::provider) || one == limit(LimitSubject::model);
  });
}

void CallerPass::go_on() {
  stop_waiting();
  events_.on_let_in();
}

void CallerPass::give_up() {
  stop_waiting();
  events_.on_not_let_in(refuse());
}

// Counts the refusal; the message names the limit's owner.
Error CallerPass::refuse() {
  refused_ = true;
  Limit& refusing = *limit(refusal_.subject);
  refusing.count_refused();
  queue_.metrics().limit_refused[cell_of(refusal_)].add(1);
  const auto name = [this]() -> const std::string& {
    if (refusal_.subject == LimitSubject::key) return key_->name;
    return refusal_.subject == LimitSubject::provider ? target_->provider->name : target_->entry->name;
  };
  std::string whose(limit_subject_names[static_cast<size_t>(refusal_.subject)]);
  whose += " '" + name() + "'";
  const config::RateLimits& limits = refusing.limits();
  const std::string after = "; try again in " + std::to_string(retry_after_s()) + " s";
  switch (refusal_.kind) {
    case LimitKind::requests:
      return {ErrorCode::rate_limited, whose + " has used up its limit of " +
                                           std::to_string(limits.requests_per_minute) + " requests per minute" + after};
    case LimitKind::tokens:
      return {ErrorCode::rate_limited,
              whose + " has too little left of its limit of " + std::to_string(limits.tokens_per_minute) +
                  " tokens per minute for this request, which may take " + std::to_string(tokens_.total()) + after};
    case LimitKind::concurrent:
      break;
  }
  return {ErrorCode::rate_limited,
          whose + " has reached its limit of " + std::to_string(limits.concurrent) + " concurrent requests" + after};
}

uint64_t CallerPass::retry_after_s() const {
  constexpr uint64_t second_ns = 1'000'000'000;
  return std::max<uint64_t>(1, (refusal_.retry_after_ns + second_ns - 1) / second_ns);
}

void CallerPass::leave(uint64_t used, uint64_t now_ns) {
  stop_waiting();
  if (!hold_.taken()) return;
  hold_.give_back(used, now_ns);
  queue_.freed();
}

std::optional<api::RateLimitFields> rate_limit_fields(LimitQueue* queue, const config::CallerKey* key,
                                                      Dialect dialect) {
  Limit* const limit = queue != nullptr ? queue->limiter().of(key) : nullptr;
  if (limit == nullptr) return std::nullopt;
  const policy::LimitState seen = limit->state(queue->loop().now_ns());
  const auto told = [](const policy::LimitState::Budget& budget) {
    return api::RateLimitState::Budget{budget.per_minute, budget.remaining, (budget.full_in_ns + 999'999) / 1'000'000};
  };
  const api::RateLimitState state{told(seen.requests), told(seen.tokens)};
  if (!state.any()) return std::nullopt;
  return api::RateLimitFields(dialect, state, queue->loop().clock().unix_ms());
}

}  // namespace sluice::gateway
