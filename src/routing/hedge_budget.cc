#include "routing/hedge_budget.h"

#include <algorithm>

namespace sluice::routing {

bool HedgeBudget::take(uint64_t now_ms) {
  const uint64_t asked = asked_.load(std::memory_order_relaxed);
  const std::scoped_lock lock(mutex_);
  const size_t known = std::min(made_, most);
  const auto is_recent = [asked](uint64_t at) { return at + window_requests > asked; };
  const auto recent = static_cast<uint64_t>(std::count_if(made_at_.begin(), made_at_.begin() + known, is_recent));
  const bool within_share = recent < std::min(asked, window_requests) / requests_a_hedge;
  if (!within_share && made_ != 0 && now_ms < last_ms_ + floor_ms) return false;
  made_at_[made_++ % most] = asked;
  last_ms_ = now_ms;
  return true;
}

}  // namespace sluice::routing
