// How many repeats a target gets: a fifth of its first attempts, or ten in ten seconds if that is more. Otherwise
// repeats would keep down a target that is just recovering. Moving on to another target is not a repeat. Shared by all
// workers, without a lock; exact except at the turn of a window.
#pragma once

#include <atomic>
#include <cstdint>

namespace sluice::routing {

class RetryBudget {
 public:
  static constexpr uint32_t window_ms = 10'000;
  static constexpr uint32_t min_repeats = 10;       // in each window
  static constexpr uint32_t requests_a_repeat = 5;  // one repeat for this many first attempts

  // Counts a first attempt. Times are of one monotonic clock, in ms.
  void asked(uint64_t now_ms);
  // Whether there may be a repeat now; it is then counted.
  bool take(uint64_t now_ms);

 private:
  // word_ holds the window's number (24 bits) and its first attempts (24) and repeats (16).
  static uint64_t current(uint64_t word, uint64_t now_ms);

  std::atomic<uint64_t> word_{0};
};

}  // namespace sluice::routing
