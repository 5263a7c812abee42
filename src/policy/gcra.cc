#include "policy/gcra.h"

#include <algorithm>

namespace sluice::policy {
namespace {

__extension__ using Wide = unsigned __int128;

// The flow is counted in parts of a unit, so that even one unit a minute arrives in steps of a few hundredths of a
// second. 2^64 parts are 34 years at the highest rate.
constexpr uint64_t parts_per_unit = 1024;
constexpr uint64_t minute_ns = 60'000'000'000;

// How many parts have flowed from the clock's zero until `now_ns`.
uint64_t flowed(Gcra::Rate rate, uint64_t now_ns) {
  return static_cast<uint64_t>(Wide{now_ns} * rate.per_minute * parts_per_unit / minute_ns);
}

// The first moment at which `parts` have flowed.
uint64_t time_of(Gcra::Rate rate, uint64_t parts) {
  const Wide per_minute = Wide{rate.per_minute} * parts_per_unit;
  return static_cast<uint64_t>((Wide{parts} * minute_ns + per_minute - 1) / per_minute);
}

uint64_t until(uint64_t time_ns, uint64_t now_ns) { return time_ns > now_ns ? time_ns - now_ns : 0; }

}  // namespace

// Relaxed throughout: the word guards no other data.
bool Gcra::take(Rate rate, uint32_t units, uint64_t now_ns) {
  const uint64_t here = flowed(rate, now_ns);
  const uint64_t most = here + rate.capacity * parts_per_unit;
  uint64_t spent = spent_.load(std::memory_order_relaxed);
  uint64_t next = 0;
  do {
    next = std::max(spent, here) + units * parts_per_unit;
    if (next > most) return false;
  } while (!spent_.compare_exchange_weak(spent, next, std::memory_order_relaxed));
  return true;
}

void Gcra::charge(Rate rate, uint64_t units, uint64_t now_ns) {
  const uint64_t here = flowed(rate, now_ns);
  // The budget is empty when `spent` is one capacity ahead of the flow; at most a minute's worth of debt is added to
  // that.
  const uint64_t deepest = here + (uint64_t{rate.capacity} + rate.per_minute) * parts_per_unit;
  const uint64_t parts = std::min(units, uint64_t{rate.capacity} + rate.per_minute) * parts_per_unit;
  uint64_t spent = spent_.load(std::memory_order_relaxed);
  uint64_t next = 0;
  do {
    next = std::max(spent, std::min(std::max(spent, here) + parts, deepest));
  } while (!spent_.compare_exchange_weak(spent, next, std::memory_order_relaxed));
}

void Gcra::give_back(uint64_t units) {
  uint64_t spent = spent_.load(std::memory_order_relaxed);
  while (!spent_.compare_exchange_weak(spent, spent - std::min(spent, units * parts_per_unit),
                                       std::memory_order_relaxed)) {
  }
}

uint32_t Gcra::remaining(Rate rate, uint64_t now_ns) const {
  const uint64_t ahead = until(spent_.load(std::memory_order_relaxed), flowed(rate, now_ns));
  const uint64_t capacity = rate.capacity * parts_per_unit;
  return ahead < capacity ? static_cast<uint32_t>((capacity - ahead) / parts_per_unit) : 0;
}

uint64_t Gcra::full_in_ns(Rate rate, uint64_t now_ns) const {
  return until(time_of(rate, spent_.load(std::memory_order_relaxed)), now_ns);
}

uint64_t Gcra::there_in_ns(Rate rate, uint32_t units, uint64_t now_ns) const {
  const uint64_t needed = spent_.load(std::memory_order_relaxed) + units * parts_per_unit;
  return until(time_of(rate, until(needed, rate.capacity * parts_per_unit)), now_ns);
}

}  // namespace sluice::policy
