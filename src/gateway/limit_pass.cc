#include "gateway/limit_pass.h"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <string>

namespace sluice::gateway {

using policy::Limit;
using policy::LimitRefusal;

namespace {

size_t cell_of(const LimitRefusal& refusal) {
  return static_cast<size_t>(refusal.subject) * limit_kind_names.size() + static_cast<size_t>(refusal.kind);
}

// Which of its budgets keeps those waiting who wait for `limit`.
LimitKind scarcest(Limit& limit, uint64_t now_ns) {
  const policy::LimitState seen = limit.state(now_ns);
  if (seen.concurrent != 0 && seen.in_use >= seen.concurrent) return LimitKind::concurrent;
  const bool no_requests = seen.requests.per_minute != 0 && seen.requests.remaining == 0;
  return no_requests || seen.tokens.per_minute == 0 ? LimitKind::requests : LimitKind::tokens;
}

}  // namespace

LimitPass::~LimitPass() { assert(!hold_.taken() && waiting_ == nullptr); }

Result<bool> LimitPass::enter(LimitQueue& queue, const config::CallerKey* key, const routing::Target& target,
                              uint64_t tokens, LimitEvents& events) {
  policy::Limiter& limiter = queue.limiter();
  hold_.be_under(limiter.of(key), limiter.of(target.provider), limiter.of(target.entry));
  if (!hold_.under_any()) return true;
  queue_ = &queue;
  events_ = &events;
  key_ = key;
  target_ = &target;
  tokens_ = tokens;
  const uint64_t now_ns = net::Loop::now_ns();
  std::optional<LimitRefusal> refusal = refused_by_order(now_ns);
  if (!refusal) refusal = hold_.take(tokens, now_ns);
  if (!refusal) return true;
  refusal_ = *refusal;
  const uint32_t queue_ms = hold_.limit(refusal_.subject)->limits().queue_ms;
  if (queue_ms == 0 || queue.full()) return tl::unexpected<Error>(refuse());
  wait(queue_ms);
  return false;
}

// Those who wait come first, also those of other workers.
std::optional<LimitRefusal> LimitPass::refused_by_order(uint64_t now_ns) const {
  for (const LimitSubject subject : {LimitSubject::key, LimitSubject::provider, LimitSubject::model}) {
    Limit* const limit = hold_.limit(subject);
    if (limit != nullptr && limit->anyone_waits()) return LimitRefusal{subject, scarcest(*limit, now_ns), 0};
  }
  return std::nullopt;
}

void LimitPass::wait(uint32_t most_ms) {
  queue_->metrics().limit_waited[cell_of(refusal_)].add(1);
  waiting_ = std::make_unique<Waiting>(this);
  waiting_->place = queue_->add(*this);
  wait_for(hold_.limit(refusal_.subject));
  queue_->loop().timers().arm(waiting_->deadline, most_ms);
}

void LimitPass::wait_for(Limit* limit) {
  if (waiting_->limit == limit) return;
  if (waiting_->limit != nullptr) waiting_->limit->end_wait();
  waiting_->limit = limit;
  if (limit != nullptr) limit->begin_wait();
}

void LimitPass::stop_waiting() {
  if (waiting_ == nullptr) return;
  wait_for(nullptr);
  queue_->remove(waiting_->place, waiting_->let_in);
  waiting_ = nullptr;
}

// The limit that still refuses it, or nullptr: it is let in, and go_on() follows.
const Limit* LimitPass::try_again(uint64_t now_ns) {
  const std::optional<LimitRefusal> refusal = hold_.take(tokens_, now_ns);
  waiting_->let_in = !refusal;
  if (!refusal) return nullptr;
  refusal_ = *refusal;
  wait_for(hold_.limit(refusal_.subject));
  return waiting_->limit;
}

bool LimitPass::under_any_of(const std::vector<const Limit*>& limits) const {
  return std::any_of(limits.begin(), limits.end(), [this](const Limit* limit) {
    return limit == hold_.limit(LimitSubject::key) || limit == hold_.limit(LimitSubject::provider) ||
           limit == hold_.limit(LimitSubject::model);
  });
}

void LimitPass::go_on() {
  stop_waiting();
  events_->on_let_in();
}

void LimitPass::give_up() {
  stop_waiting();
  events_->on_not_let_in(refuse());
}

// Counts it, and says it so that whoever reads it knows whose limit it is.
Error LimitPass::refuse() {
  Limit& limit = *hold_.limit(refusal_.subject);
  limit.count_refused();
  queue_->metrics().limit_refused[cell_of(refusal_)].add(1);
  const auto name = [this]() -> const std::string& {
    if (refusal_.subject == LimitSubject::key) return key_->name;
    return refusal_.subject == LimitSubject::provider ? target_->provider->name : target_->entry->name;
  };
  std::string whose(limit_subject_names[static_cast<size_t>(refusal_.subject)]);
  whose += " '" + name() + "'";
  const config::RateLimits& limits = limit.limits();
  const std::string after = "; try again in " + std::to_string(retry_after_s()) + " s";
  switch (refusal_.kind) {
    case LimitKind::requests:
      return {ErrorCode::rate_limited, whose + " has used up its limit of " +
                                           std::to_string(limits.requests_per_minute) + " requests per minute" + after};
    case LimitKind::tokens:
      return {ErrorCode::rate_limited,
              whose + " has too little left of its limit of " + std::to_string(limits.tokens_per_minute) +
                  " tokens per minute for this request, which may take " + std::to_string(tokens_) + after};
    case LimitKind::concurrent:
      break;
  }
  return {ErrorCode::rate_limited,
          whose + " has reached its limit of " + std::to_string(limits.concurrent) + " requests at once" + after};
}

uint64_t LimitPass::retry_after_s() const {
  constexpr uint64_t second_ns = 1'000'000'000;
  return std::max<uint64_t>(1, (refusal_.retry_after_ns + second_ns - 1) / second_ns);
}

void LimitPass::leave(uint64_t used, uint64_t now_ns) {
  stop_waiting();
  if (!hold_.taken()) return;
  hold_.settle(used, now_ns);
  queue_->freed();
}

std::optional<api::RateLimitFields> rate_limit_fields(LimitQueue* queue, const config::CallerKey* key,
                                                      Dialect dialect) {
  Limit* const limit = queue != nullptr ? queue->limiter().of(key) : nullptr;
  if (limit == nullptr) return std::nullopt;
  const policy::LimitState seen = limit->state(net::Loop::now_ns());
  const auto told = [](const policy::LimitState::Budget& budget) {
    return api::RateLimitState::Budget{budget.per_minute, budget.remaining, (budget.full_in_ns + 999'999) / 1'000'000};
  };
  const api::RateLimitState state{told(seen.requests), told(seen.tokens)};
  if (!state.any()) return std::nullopt;
  const auto wall = std::chrono::system_clock::now().time_since_epoch();
  return api::RateLimitFields(dialect, state, std::chrono::duration_cast<std::chrono::milliseconds>(wall).count());
}

}  // namespace sluice::gateway
