// When the service manager's watchdog is to be fed: at half its interval (sd_watchdog_enabled(3)), and only when every
// worker has shown since that its loop still turns. Times are monotonic milliseconds and come in from outside.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

namespace sluice::daemon {

// The interval in microseconds; 0: no watchdog, or one that is not for this process. `usec`, `pid`: $WATCHDOG_USEC and
// $WATCHDOG_PID, "" where they are not set.
uint64_t watchdog_interval_us(std::string_view usec, std::string_view pid, uint64_t own_pid);

// A question to the workers is under way or it is not; while one of them does not answer no other is asked and nothing
// is fed. All but answered() belongs to one thread.
class Watchdog {
 public:
  static constexpr uint64_t never = UINT64_MAX;

  explicit Watchdog(uint64_t interval_us)
      : half_ms_(interval_us == 0 ? 0 : interval_us / 2000 + (interval_us < 2000)) {}

  // Whether the workers are to be asked now; the next question is due half an interval later.
  bool asks(uint64_t now_ms);
  // Every worker's loop has turned since asks(). Any thread.
  void answered() { answered_.store(true, std::memory_order_release); }
  // Whether an answer has come: the watchdog is to be fed once.
  bool feeds();
  // How long nothing is to be done here unless an answer comes; `never` without a watchdog and until the answer.
  uint64_t wait_ms(uint64_t now_ms) const;

 private:
  const uint64_t half_ms_;  // 0: off
  uint64_t next_ms_ = 0;
  bool asking_ = false;
  std::atomic<bool> answered_{false};
};

}  // namespace sluice::daemon
