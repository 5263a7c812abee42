// The main thread while the workers run: handles signals, feeds the service manager's watchdog, reopens the log, and
// drains at the end.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "daemon/notifier.h"
#include "daemon/watchdog.h"
#include "net/clock.h"
#include "observe/log.h"
#include "observe/log_file.h"
#include "sluice/gateway.h"
#include "tool/reloader.h"
#include "tool/signals.h"

namespace sluice {

class Supervisor {
 public:
  struct Parts {
    Signals& signals;
    Gateway& gateway;
    observe::Log& log;
    const observe::LogFile* log_file;  // nullptr: the log goes to standard output
    Reloader& reloader;
    const daemon::Notifier& notifier;
    uint64_t watchdog_us;  // the watchdog's interval; 0: none
    const net::Clock& clock;
  };
  // All parts must outlive this, and this must outlive the gateway's threads: stop the gateway first.
  explicit Supervisor(const Parts& parts) : parts_(parts), watchdog_(parts.watchdog_us) {}

  // Reports readiness to the service manager. Drains on the first signal; returns when the last exchange has ended, on
  // the second signal, or when the grace period is over.
  void run();

 private:
  enum class Event : unsigned char { terminate, drained, time_is_up };
  Event wait_until(uint64_t deadline_ms);
  uint64_t now_ms() const { return parts_.clock.monotonic_ns() / 1'000'000; }
  void feed_watchdog();
  void reopen_log();
  std::string addresses() const;

  const Parts parts_;
  daemon::Watchdog watchdog_;
  std::atomic<bool> drained_{false};
};

}  // namespace sluice
