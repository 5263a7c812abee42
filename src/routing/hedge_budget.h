// How many second attempts a route may send in parallel to a late first one: one for every 20 of its last 1,000
// requests, or one in ten seconds if that is more. Without this limit, a target that has become slow for everyone would
// get every request twice. Shared by all workers.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>

namespace sluice::routing {

class HedgeBudget {
 public:
  static constexpr uint64_t window_requests = 1'000;
  static constexpr uint64_t requests_a_hedge = 20;
  static constexpr uint64_t floor_ms = 10'000;  // one in this time is always allowed

  // Counts a request of the route.
  void asked() { asked_.fetch_add(1, std::memory_order_relaxed); }
  // Whether there may be a second attempt now; it is then counted. Times are of one monotonic clock, in ms.
  bool take(uint64_t now_ms);

 private:
  static constexpr size_t most = window_requests / requests_a_hedge;

  std::atomic<uint64_t> asked_{0};
  std::mutex mutex_;
  std::array<uint64_t, most> made_at_{};  // the value of asked_ at each of the last hedges; a ring
  size_t made_ = 0;                       // number of hedges ever
  uint64_t last_ms_ = 0;
};

}  // namespace sluice::routing
