// A clock that the test moves, and a random source that is the same in every run.
#pragma once

#include <atomic>
#include <cstdint>

#include "net/clock.h"
#include "net/loop.h"

namespace sluice::test {

constexpr int64_t fake_unix_ms = 1'767'225'600'000;  // 2026-01-01T00:00:00Z

inline int64_t fixed_time() { return fake_unix_ms; }
inline int64_t fixed_time_s() { return fake_unix_ms / 1000; }

// Both times advance together. Any thread may read it, one moves it.
class FakeClock final : public net::Clock {
 public:
  explicit FakeClock(int64_t unix_ms = fake_unix_ms) : unix_ms_(unix_ms) {}
  uint64_t monotonic_ns() const override { return start_ns + passed_ns_; }
  int64_t unix_ms() const override { return unix_ms_ + static_cast<int64_t>(passed_ns_ / 1'000'000); }
  void pass_ns(uint64_t ns) { passed_ns_ += ns; }
  void pass_ms(uint64_t ms) { pass_ns(ms * 1'000'000); }
  uint64_t passed_ms() const { return passed_ns_ / 1'000'000; }

  static constexpr uint64_t start_ns = 1'000'000'000'000;

 private:
  const int64_t unix_ms_;
  std::atomic<uint64_t> passed_ns_{0};
};

// SplitMix64.
class FakeRandom final : public net::Random {
 public:
  explicit FakeRandom(uint64_t seed = 1) : state_(seed) {}
  uint64_t next() override {
    uint64_t word = state_ += 0x9e3779b97f4a7c15;
    word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9;
    word = (word ^ (word >> 27)) * 0x94d049bb133111eb;
    return word ^ (word >> 31);
  }
  uint64_t below(uint64_t bound) { return next() % bound; }

 private:
  uint64_t state_;
};

// Enough turns for everything pending in memory.
inline void turn(net::Loop& loop) {
  for (int i = 0; i < 16; ++i) loop.run_once(false);
}

// Moves the clock to the next timer's due time.
inline void go_to_next_timer(net::Loop& loop, FakeClock& clock) {
  const auto due_ms = loop.next_timer_ms();
  if (due_ms && *due_ms > loop.now_ms()) clock.pass_ms(*due_ms - loop.now_ms());
}

// Turns the loop from timer to timer until `condition` holds; false if it never does, however much time passes.
template <typename Condition>
bool turn_until(net::Loop& loop, FakeClock& clock, Condition condition) {
  for (int i = 0; i < 1000; ++i) {
    turn(loop);
    if (condition()) return true;
    go_to_next_timer(loop, clock);
  }
  return false;
}

}  // namespace sluice::test
