// A budget of units that flow in evenly, up to a capacity, in one 64-bit word: the generic cell rate algorithm (ITU-T
// I.371) in its virtual scheduling form. The word is the point in the flow of units up to which everything is spent.
// The budget is empty while that point is a whole capacity ahead of what has flowed in by now, and full once it is
// behind. Nothing has to be refilled, and taking is one compare-and-swap: with any number of threads, no more is taken
// in any period than the capacity plus what flowed in meanwhile.
#pragma once

#include <atomic>
#include <cstdint>

namespace sluice::policy {

class Gcra {
 public:
  // Units a minute, up to 1e9, and the most that accumulate; both at least 1.
  struct Rate {
    uint32_t per_minute = 0;
    uint32_t capacity = 0;
  };

  // Times are monotonic nanoseconds of one clock for all threads. Any thread. Takes `units` (at most the capacity) if
  // they are available; otherwise takes nothing and returns false.
  bool take(Rate rate, uint32_t units, uint64_t now_ns);
  // Takes `units` even if they are not available: the budget may go below zero, so that others wait longer, but only by
  // a minute's worth, because the count comes from a target and may be anything.
  void charge(Rate rate, uint64_t units, uint64_t now_ns);
  // Returns what was taken but not used. A budget that is full by now stays full.
  void give_back(uint64_t units);

  uint32_t remaining(Rate rate, uint64_t now_ns) const;  // whole units; 0 if it is below zero
  uint64_t full_in_ns(Rate rate, uint64_t now_ns) const;
  // How long until `units` (at most the capacity) are available if no others are taken; 0: they are now.
  uint64_t there_in_ns(Rate rate, uint32_t units, uint64_t now_ns) const;

 private:
  std::atomic<uint64_t> spent_{0};  // a point in the flow, in parts of a unit; 0: full
};

}  // namespace sluice::policy
