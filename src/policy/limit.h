// The limits of one caller key, provider or model, and how much of them is taken: shared by all workers, exact, and
// without a lock.
//
// The counters (a bucket) exist only while they matter: a bucket that has been unused for a minute and is full again is
// no different from a new one, so it is dropped and the next request makes a new one. To detect users, the word that
// points to the bucket also counts the threads that are accessing it (pins) and holds a mark:
//
//   sweep:  no pins -> set the mark -> check that it is idle -> if the word still says "mark, no pins": drop it
//   take:   add a pin -> clear the mark, if it is set -> take -> remove the pin
//
// A request that took keeps the bucket alive until it gives back, because the bucket counts it. So a bucket is only
// dropped if no thread came between the check and the drop.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "base/limit_words.h"
#include "config/config.h"

namespace sluice::policy {

class Bucket;

// Why a request was not let in.
struct LimitRefusal {
  LimitSubject subject = LimitSubject::key;
  LimitKind kind = LimitKind::requests;
  uint64_t retry_after_ns = 0;  // when it may be let in, if others take nothing; 0: unknown
};

// A snapshot of a limit.
struct LimitState {
  struct Budget {
    uint32_t per_minute = 0;  // 0: no such limit, and the other members mean nothing
    uint32_t capacity = 0;
    uint32_t remaining = 0;
    uint64_t full_in_ns = 0;
  };
  Budget requests, tokens;
  uint32_t concurrent = 0;  // 0: no such limit
  uint32_t in_use = 0;
  uint32_t waiting = 0;
  uint64_t refused_total = 0;
};

// Times are monotonic nanoseconds of one clock for all threads. Any thread, except for the sweep.
class Limit {
 public:
  explicit Limit(const config::RateLimits& limits) : limits_(limits) {}
  ~Limit();
  Limit(const Limit&) = delete;
  Limit& operator=(const Limit&) = delete;
  const config::RateLimits& limits() const { return limits_; }

  // Takes one request of about `tokens`, or nothing and returns the reason. An estimate above the bucket's capacity is
  // reduced to it, as it could never be met. What was taken is held until give_back() or undo() with `bucket`.
  std::optional<LimitRefusal> take(uint64_t tokens, uint64_t now_ns, Bucket*& bucket);
  // Ends what take() let in: `tokens` as given there, `used`: the real number.
  void give_back(Bucket& bucket, uint64_t tokens, uint64_t used, uint64_t now_ns);
  // Reverts take().
  void undo(Bucket& bucket, uint64_t tokens, uint64_t now_ns);

  void count_refused() { refused_.fetch_add(1, std::memory_order_relaxed); }
  void begin_wait() { waiting_.fetch_add(1, std::memory_order_relaxed); }
  void end_wait() { waiting_.fetch_sub(1, std::memory_order_relaxed); }
  bool anyone_waits() const { return waiting_.load(std::memory_order_relaxed) != 0; }

  LimitState state(uint64_t now_ns);
  bool has_bucket() const { return bucket_of(word_.load(std::memory_order_relaxed)) != nullptr; }
  // The sweep, one thread at a time. mark_idle(): marks the bucket if there is one and it is idle; returns whether it
  // is. drop_marked(), at any later time: drops it if no thread has accessed it since; returns whether it did.
  bool mark_idle(uint64_t now_ns);
  bool drop_marked();
  static size_t bucket_bytes();

 private:
  // The word: the bucket's address in the low 48 bits (supported machines use no more; checked), with the mark in the
  // lowest bit, and the number of pins above. A pin is held for one call, so there are at most as many as threads.
  static constexpr uint64_t mark = 1;
  static constexpr uint64_t one_pin = uint64_t{1} << 48;
  static Bucket* bucket_of(uint64_t word) { return reinterpret_cast<Bucket*>(word & (one_pin - 1) & ~mark); }
  uint64_t pin();
  void unpin() { word_.fetch_sub(one_pin, std::memory_order_release); }
  Bucket& made(uint64_t word);

  const config::RateLimits limits_;
  std::atomic<uint64_t> word_{0};
  std::atomic<uint64_t> refused_{0};
  std::atomic<uint32_t> waiting_{0};
};

}  // namespace sluice::policy
