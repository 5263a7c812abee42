#include "routing/credentials.h"

#include <algorithm>

namespace sluice::routing {

void raise(std::atomic<uint64_t>& value, uint64_t to) {
  uint64_t was = value.load(std::memory_order_relaxed);
  while (was < to && !value.compare_exchange_weak(was, to)) {
  }
}

// If two threads bench the last two credentials simultaneously, one of them sees both: the accesses are sequentially
// consistent.
void Credentials::bench(size_t place, uint64_t until_ms, uint64_t now_ms) {
  raise(since_ms_[place], now_ms);
  raise(until_ms_[place], until_ms);
  uint64_t soonest = UINT64_MAX;
  for (size_t i = 0; i < count_; ++i) soonest = std::min(soonest, until_ms_[i].load());
  raise(all_until_ms_, soonest);
}

void Credentials::end_bench(size_t place) {
  until_ms_[place].store(0);
  all_until_ms_.store(0);
}

void Credentials::free() {
  for (size_t i = 0; i < count_; ++i) until_ms_[i].store(0);
  all_until_ms_.store(0);
}

}  // namespace sluice::routing
