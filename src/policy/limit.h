// The limits of one caller key, provider or model, and what of them is taken: shared by all workers, exact, and without
// a lock.
//
// Its counters (a bucket) exist only while they say something: a bucket that nobody has used for a minute and that is
// full again is no different from a new one, so it is dropped, and made again by the next request. To tell that nobody
// uses it, the word that points to it also counts who is just reaching for it (pins) and holds a mark:
//
//   sweep:  no pins -> set the mark -> look whether it is idle -> if the word still says "mark, no pins": take it away
//   take:   add a pin -> clear the mark, if it is set -> take -> remove the pin
//
// Whoever took keeps the bucket alive by being counted in it, until it gives back. So a bucket is only taken away if
// nobody came between the look and the taking away.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "base/limit_words.h"
#include "config/config.h"

namespace sluice::policy {

class Bucket;

// Why something was not let in.
struct LimitRefusal {
  LimitSubject subject = LimitSubject::key;
  LimitKind kind = LimitKind::requests;
  uint64_t retry_after_ns = 0;  // when it may be let in, if others take nothing; 0: nobody knows
};

// What one moment saw of a limit.
struct LimitState {
  struct Budget {
    uint32_t per_minute = 0;  // 0: not limited so; the rest then says nothing
    uint32_t capacity = 0;
    uint32_t remaining = 0;
    uint64_t full_in_ns = 0;
  };
  Budget requests, tokens;
  uint32_t concurrent = 0;  // 0: not limited so
  uint32_t in_use = 0;
  uint32_t waiting = 0;
  uint64_t refused_total = 0;
};

// Times are monotonic nanoseconds on one scale for all threads. Any thread, but for the sweep.
class Limit {
 public:
  explicit Limit(const config::RateLimits& limits) : limits_(limits) {}
  ~Limit();
  Limit(const Limit&) = delete;
  Limit& operator=(const Limit&) = delete;
  const config::RateLimits& limits() const { return limits_; }

  // One request of about `tokens` (what is beyond the bucket's capacity is left out: it is an estimate, and would never
  // be there). All of it or, with the reason, nothing. What was taken is held until give_back() or undo(), with
  // `bucket`.
  std::optional<LimitRefusal> take(uint64_t tokens, uint64_t now_ns, Bucket*& bucket);
  // The end of what take() let in: `tokens` as given there, `used` as it came out.
  void give_back(Bucket& bucket, uint64_t tokens, uint64_t used, uint64_t now_ns);
  // As if take() had not been.
  void undo(Bucket& bucket, uint64_t tokens, uint64_t now_ns);

  void count_refused() { refused_.fetch_add(1, std::memory_order_relaxed); }
  void begin_wait() { waiting_.fetch_add(1, std::memory_order_relaxed); }
  void end_wait() { waiting_.fetch_sub(1, std::memory_order_relaxed); }
  bool anyone_waits() const { return waiting_.load(std::memory_order_relaxed) != 0; }

  LimitState state(uint64_t now_ns);
  bool has_bucket() const { return bucket_of(word_.load(std::memory_order_relaxed)) != nullptr; }
  // The sweep, one thread at a time. First: whether the bucket is there and idle, then it is marked. Then, at any time:
  // takes it away if nobody has reached for it since; whether it did.
  bool mark_idle(uint64_t now_ns);
  bool drop_marked();
  static size_t bucket_bytes();

 private:
  // The word: the bucket's address in its low 48 bits (a process has no more on the machines we know; checked), whose
  // lowest bit is the mark, and the pins above. A pin is held for one call, so there are no more of them
  // than threads.
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
