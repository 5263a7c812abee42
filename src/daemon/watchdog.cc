#include "daemon/watchdog.h"

#include "daemon/number.h"

namespace sluice::daemon {

uint64_t watchdog_interval_us(std::string_view usec, std::string_view pid, uint64_t own_pid) {
  if (!pid.empty() && whole_number(pid) != own_pid) return 0;
  return whole_number(usec).value_or(0);
}

bool Watchdog::asks(uint64_t now_ms) {
  if (half_ms_ == 0 || asking_ || now_ms < next_ms_) return false;
  asking_ = true;
  next_ms_ = now_ms + half_ms_;
  return true;
}

bool Watchdog::feeds() {
  if (!answered_.exchange(false, std::memory_order_acquire)) return false;
  asking_ = false;
  return true;
}

uint64_t Watchdog::wait_ms(uint64_t now_ms) const {
  if (half_ms_ == 0 || asking_) return never;
  return next_ms_ > now_ms ? next_ms_ - now_ms : 0;
}

}  // namespace sluice::daemon
