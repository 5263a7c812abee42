// A budget of units that flow in evenly, up to a capacity, in one 64-bit word: the generic cell rate algorithm (ITU-T
// I.371) in its virtual scheduling form. The word is the place, in the endless flow of units, up to which all is spent;
// the budget is empty while that lies a whole capacity ahead of what has flowed in by now, and full once it lies
// behind. Nothing has to be refilled, and one compare-and-swap takes: whatever threads do at once, in any stretch of
// time no more is taken than the capacity and what flowed in meanwhile.
#pragma once

#include <atomic>
#include <cstdint>

namespace sluice::policy {

class Gcra {
 public:
  // Units a minute, up to 1e9, and how many there are at most; both from 1.
  struct Rate {
    uint32_t per_minute = 0;
    uint32_t capacity = 0;
  };

  // Times are monotonic nanoseconds on one scale for all threads. The first two may be called on any thread at once.
  // Takes `units` (at most the capacity) if they are there; else takes nothing and says no.
  bool take(Rate rate, uint32_t units, uint64_t now_ns);
  // Takes them whether they are there or not: the budget may go below zero, and others wait the longer; but by one
  // minute's worth at most, as the count comes from a target, which may say anything.
  void charge(Rate rate, uint64_t units, uint64_t now_ns);
  // What was taken and not used. A budget that is full by now stays so.
  void give_back(uint64_t units);

  uint32_t remaining(Rate rate, uint64_t now_ns) const;  // whole units; 0 where it is below zero
  uint64_t full_in_ns(Rate rate, uint64_t now_ns) const;
  // In how long `units` (at most the capacity) will be there, if nobody else takes any. 0: they are.
  uint64_t there_in_ns(Rate rate, uint32_t units, uint64_t now_ns) const;

 private:
  std::atomic<uint64_t> spent_{0};  // in parts of a unit, on the flow's own scale; 0: as good as full
};

}  // namespace sluice::policy
