// What the main thread does while the workers work: answers signals, feeds the service manager's watchdog, looks
// whether the configuration has changed, opens the log anew, and drains at the end.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "daemon/notifier.h"
#include "daemon/watchdog.h"
#include "observe/log.h"
#include "observe/log_file.h"
#include "reloader.h"
#include "signals.h"
#include "sluice/gateway.h"

namespace sluice {

class Keeper {
 public:
  struct Parts {
    Signals& signals;
    Gateway& gateway;
    observe::Log& log;
    const observe::LogFile* log_file;  // nullptr: the log goes to standard output
    Reloader& reloader;
    const daemon::Notifier& notifier;
    uint64_t watchdog_us;  // the watchdog's interval; 0: none
  };
  // All parts must outlive this, and this the gateway's threads: stop the gateway before it goes.
  explicit Keeper(const Parts& parts) : parts_(parts), watchdog_(parts.watchdog_us) {}

  // Tells the manager that sluice is ready. Drains on the first signal; returns when the last exchange has ended, on
  // the second signal, or when the grace has passed.
  void keep();
  // Any thread, while keep() runs: has the configuration read again, and tells `done` what is wrong with it, if
  // anything.
  void ask_reload(Gateway::Reloaded done);

 private:
  enum class Event : unsigned char { terminate, drained, time_is_up };
  Event wait_until(uint64_t deadline_ms);
  void feed_watchdog();
  void reopen_log();
  std::vector<std::string> reload(const char* why);
  void reload_for_those_who_asked();
  uint64_t patience_ms(uint64_t now_ms) const;
  std::string addresses() const;

  const Parts parts_;
  daemon::Watchdog watchdog_;
  std::atomic<bool> drained_{false};
  std::mutex asked_mutex_;
  std::vector<Gateway::Reloaded> asked_;  // guarded by it
};

}  // namespace sluice
