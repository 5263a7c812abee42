#include "policy/limit.h"

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "policy/gcra.h"

namespace sluice::policy {
namespace {

constexpr uint64_t second_ns = 1'000'000'000;
// How long a bucket is kept after its last use, so that a key in steady use does not get a new one for each request.
constexpr uint32_t kept_s = 60;

Gcra::Rate requests_of(const config::RateLimits& limits) {
  return {limits.requests_per_minute, limits.burst != 0 ? limits.burst : limits.requests_per_minute};
}

Gcra::Rate tokens_of(const config::RateLimits& limits) { return {limits.tokens_per_minute, limits.tokens_per_minute}; }

// How much is taken for an estimate.
uint32_t reserved(const config::RateLimits& limits, uint64_t tokens) {
  return static_cast<uint32_t>(std::min<uint64_t>(tokens, limits.tokens_per_minute));
}

LimitState::Budget budget(const Gcra& gcra, Gcra::Rate rate, uint64_t now_ns) {
  if (rate.per_minute == 0) return {};
  return {rate.per_minute, rate.capacity, gcra.remaining(rate, now_ns), gcra.full_in_ns(rate, now_ns)};
}

}  // namespace

class Bucket {
 public:
  std::optional<LimitRefusal> take(const config::RateLimits& limits, uint64_t tokens, uint64_t now_ns) {
    if (!enter(limits.concurrent)) return LimitRefusal{{}, LimitKind::concurrent, 0};
    used_s_.store(static_cast<uint32_t>(now_ns / second_ns), std::memory_order_relaxed);
    if (limits.requests_per_minute != 0 && !requests_.take(requests_of(limits), 1, now_ns)) {
      leave();
      return LimitRefusal{{}, LimitKind::requests, requests_.there_in_ns(requests_of(limits), 1, now_ns)};
    }
    const uint32_t wanted = reserved(limits, tokens);
    if (limits.tokens_per_minute != 0 && !tokens_.take(tokens_of(limits), wanted, now_ns)) {
      const uint64_t retry_after_ns = tokens_.there_in_ns(tokens_of(limits), wanted, now_ns);
      if (limits.requests_per_minute != 0) requests_.give_back(1);
      leave();
      return LimitRefusal{{}, LimitKind::tokens, retry_after_ns};
    }
    return std::nullopt;
  }

  void give_back(const config::RateLimits& limits, uint64_t tokens, uint64_t used, uint64_t now_ns) {
    if (limits.tokens_per_minute != 0) {
      const uint64_t had = reserved(limits, tokens);
      if (used > had) tokens_.charge(tokens_of(limits), used - had, now_ns);
      if (used < had) tokens_.give_back(had - used);
    }
    used_s_.store(static_cast<uint32_t>(now_ns / second_ns), std::memory_order_relaxed);
    leave();
  }

  void undo(const config::RateLimits& limits, uint64_t tokens, uint64_t now_ns) {
    if (limits.requests_per_minute != 0) requests_.give_back(1);
    give_back(limits, tokens, 0, now_ns);
  }

  // No request is in it, it is full, and it has not been used for a while.
  bool idle(const config::RateLimits& limits, uint64_t now_ns) const {
    if (in_use_.load(std::memory_order_acquire) != 0) return false;
    const auto now_s = static_cast<uint32_t>(now_ns / second_ns);
    if (now_s < used_s_.load(std::memory_order_relaxed) + kept_s) return false;
    const LimitState seen = state(limits, now_ns);
    return seen.requests.full_in_ns == 0 && seen.tokens.full_in_ns == 0;
  }

  LimitState state(const config::RateLimits& limits, uint64_t now_ns) const {
    LimitState seen;
    seen.requests = budget(requests_, requests_of(limits), now_ns);
    seen.tokens = budget(tokens_, tokens_of(limits), now_ns);
    seen.in_use = in_use_.load(std::memory_order_relaxed);
    return seen;
  }

 private:
  bool enter(uint32_t most) {
    uint32_t count = in_use_.load(std::memory_order_relaxed);
    do {
      if (most != 0 && count >= most) return false;
    } while (!in_use_.compare_exchange_weak(count, count + 1, std::memory_order_relaxed));
    return true;
  }
  // Must be a user's last access: afterwards the bucket may be freed. The release order makes earlier changes visible
  // to the sweep.
  void leave() { in_use_.fetch_sub(1, std::memory_order_release); }

  Gcra requests_, tokens_;
  std::atomic<uint32_t> in_use_{0};
  std::atomic<uint32_t> used_s_{0};
};

Limit::~Limit() { delete bucket_of(word_.load(std::memory_order_relaxed)); }

size_t Limit::bucket_bytes() { return sizeof(Bucket); }

// Until unpin() the bucket, if there is one, is not freed. Returns the word.
uint64_t Limit::pin() {
  const uint64_t word = word_.fetch_add(one_pin, std::memory_order_acquire);
  if ((word & mark) != 0) word_.fetch_and(~mark, std::memory_order_relaxed);
  return word;
}

// Returns the pinned bucket; makes it if there is none. If two threads make one, the first wins.
Bucket& Limit::made(uint64_t word) {
  if (Bucket* there = bucket_of(word); there != nullptr) return *there;
  auto fresh = std::make_unique<Bucket>();
  const auto bits = reinterpret_cast<uint64_t>(fresh.get());
  if (bits >= one_pin || (bits & mark) != 0) std::abort();  // not a supported machine
  word = word_.load(std::memory_order_acquire);
  while (bucket_of(word) == nullptr) {
    if (word_.compare_exchange_weak(word, word | bits, std::memory_order_acq_rel, std::memory_order_acquire)) {
      return *fresh.release();
    }
  }
  return *bucket_of(word);
}

std::optional<LimitRefusal> Limit::take(uint64_t tokens, uint64_t now_ns, Bucket*& bucket) {
  Bucket& pinned = made(pin());
  std::optional<LimitRefusal> refusal = pinned.take(limits_, tokens, now_ns);
  if (!refusal) bucket = &pinned;
  unpin();
  return refusal;
}

void Limit::give_back(Bucket& bucket, uint64_t tokens, uint64_t used, uint64_t now_ns) {
  bucket.give_back(limits_, tokens, used, now_ns);
}

void Limit::undo(Bucket& bucket, uint64_t tokens, uint64_t now_ns) { bucket.undo(limits_, tokens, now_ns); }

LimitState Limit::state(uint64_t now_ns) {
  const Bucket* bucket = bucket_of(pin());
  LimitState seen = bucket != nullptr ? bucket->state(limits_, now_ns) : Bucket().state(limits_, now_ns);
  unpin();
  seen.concurrent = limits_.concurrent;
  seen.waiting = waiting_.load(std::memory_order_relaxed);
  seen.refused_total = refused_.load(std::memory_order_relaxed);
  return seen;
}

bool Limit::mark_idle(uint64_t now_ns) {
  uint64_t word = word_.load(std::memory_order_acquire);
  const Bucket* bucket = bucket_of(word);
  if (bucket == nullptr || word >= one_pin || !bucket->idle(limits_, now_ns)) return false;
  if (!word_.compare_exchange_strong(word, word | mark, std::memory_order_acq_rel)) return false;
  return bucket->idle(limits_, now_ns);  // only a check after the mark is set counts
}

bool Limit::drop_marked() {
  uint64_t word = word_.load(std::memory_order_acquire);
  if ((word & mark) == 0 || word >= one_pin) return false;
  if (!word_.compare_exchange_strong(word, 0, std::memory_order_acq_rel)) return false;
  delete bucket_of(word);
  return true;
}

}  // namespace sluice::policy
