#include "routing/retry_budget.h"

#include <algorithm>

namespace sluice::routing {
namespace {

constexpr uint64_t asked_bits = 24, repeat_bits = 16, number_bits = 24;
constexpr uint64_t max_asked = (uint64_t{1} << asked_bits) - 1;
constexpr uint64_t max_repeats = (uint64_t{1} << repeat_bits) - 1;
constexpr uint64_t one_asked = uint64_t{1} << repeat_bits;

uint64_t asked_of(uint64_t word) { return (word >> repeat_bits) & max_asked; }
uint64_t repeats_of(uint64_t word) { return word & max_repeats; }

}  // namespace

// The word for the window of `now_ms`: `word`, or an empty one.
uint64_t RetryBudget::current(uint64_t word, uint64_t now_ms) {
  constexpr uint64_t max_number = (uint64_t{1} << number_bits) - 1;
  const uint64_t number = (now_ms / window_ms) & max_number;
  return word >> (asked_bits + repeat_bits) == number ? word : number << (asked_bits + repeat_bits);
}

void RetryBudget::asked(uint64_t now_ms) {
  uint64_t word = word_.load(std::memory_order_relaxed);
  for (;;) {
    const uint64_t now = current(word, now_ms);
    if (asked_of(now) == max_asked) return;
    if (word_.compare_exchange_weak(word, now + one_asked, std::memory_order_relaxed)) return;
  }
}

bool RetryBudget::take(uint64_t now_ms) {
  uint64_t word = word_.load(std::memory_order_relaxed);
  for (;;) {
    const uint64_t now = current(word, now_ms);
    const uint64_t most = std::max<uint64_t>(min_repeats, asked_of(now) / requests_a_repeat);
    if (repeats_of(now) >= std::min(most, max_repeats)) return false;
    if (word_.compare_exchange_weak(word, now + 1, std::memory_order_relaxed)) return true;
  }
}

}  // namespace sluice::routing
