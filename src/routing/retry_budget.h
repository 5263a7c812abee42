// How many repeats a target is sent: a fifth of what it was asked in the first place, and ten in ten seconds where that
// is more. Else those who ask again keep down a target that is only just able to stand up. Moving on to another target
// is not a repeat. Shared by all workers, without a lock; exact but for what is counted at the turn of a window.
#pragma once

#include <atomic>
#include <cstdint>

namespace sluice::routing {

class RetryBudget {
 public:
  static constexpr uint32_t window_ms = 10'000;
  static constexpr uint32_t min_repeats = 10;       // of a window
  static constexpr uint32_t requests_a_repeat = 5;  // one repeat for so many first attempts

  // A first attempt. Times are of one monotonic clock, in ms.
  void asked(uint64_t now_ms);
  // Whether there may be a repeat now; it is then counted.
  bool take(uint64_t now_ms);

 private:
  // One word: window's number (24 bits), first attempts (24), repeats (16) of it.
  static uint64_t current(uint64_t word, uint64_t now_ms);

  std::atomic<uint64_t> word_{0};
};

}  // namespace sluice::routing
