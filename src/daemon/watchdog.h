// When to feed the service manager's watchdog: at half its interval (sd_watchdog_enabled(3)), and only if every worker
// has shown since the last time that its loop still turns. Times are monotonic milliseconds, passed in.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

namespace sluice::daemon {

// The interval in microseconds; 0: no watchdog, or not for this process. `usec`, `pid`: $WATCHDOG_USEC and
// $WATCHDOG_PID, "" if not set.
uint64_t watchdog_interval_us(std::string_view usec, std::string_view pid, uint64_t own_pid);

// Asks the workers one question at a time: while one of them does not answer, no other question is asked and the
// watchdog is not fed. Everything but answered() belongs to one thread.
class Watchdog {
 public:
  static constexpr uint64_t never = UINT64_MAX;

  explicit Watchdog(uint64_t interval_us)
      : half_ms_(interval_us == 0 ? 0 : interval_us / 2000 + (interval_us < 2000)) {}

  // Whether to ask the workers now; the next question is due half an interval later.
  bool asks(uint64_t now_ms);
  // Every worker's loop has turned since asks(). Any thread.
  void answered() { answered_.store(true, std::memory_order_release); }
  // Whether the answer has arrived: then feed the watchdog once.
  bool feeds();
  // How long to sleep unless an answer arrives; `never` without a watchdog or while a question is open.
  uint64_t wait_ms(uint64_t now_ms) const;

 private:
  const uint64_t half_ms_;  // 0: off
  uint64_t next_ms_ = 0;
  bool asking_ = false;
  std::atomic<bool> answered_{false};
};

}  // namespace sluice::daemon
