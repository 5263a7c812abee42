// Reads the configuration again and has the gateway work by it: on SIGHUP, when the file has changed, when it is asked
// for. On a thread of its own, so that neither a request nor the service manager's watchdog waits for it, however large
// the configuration is.
#pragma once

#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <tl/expected.hpp>
#include <vector>

#include "config/config.h"
#include "daemon/notifier.h"
#include "net/clock.h"
#include "observe/log.h"
#include "sluice/gateway.h"
#include "tool/startup.h"

namespace sluice {

// Has the log write "***" for every secret of these configurations, and for no others.
[[gnu::cold]] void mask_secrets(observe::Log& log, std::initializer_list<const config::Config*> configs);

// Says what there is to be warned of; of very much, the beginning: the log takes so many lines at once.
void log_warnings(observe::Log& log, const std::vector<std::string>& warnings);

class Reloader {
 public:
  // `running`: what the gateway works by now. The references must outlive it; stop it before the gateway.
  Reloader(const StartupOptions& options, std::shared_ptr<const config::Config> running, Gateway& gateway,
           observe::Log& log, const daemon::Notifier& notifier, const net::Clock& clock);
  ~Reloader() { stop(); }
  Reloader(const Reloader&) = delete;
  Reloader& operator=(const Reloader&) = delete;

  void start();
  // Any thread: has the configuration read again, and what is wrong with it, if anything, told to `done` (or nobody) on
  // the reloader's thread. Once stopped, `done` is told so. `why` is for the log: "SIGHUP".
  void ask(std::string why, Gateway::Reloaded done = nullptr);
  // Waits for a reload that is under way.
  void stop();
  // Of what the gateway works by. Any thread.
  uint32_t shutdown_grace_ms() const { return grace_ms_; }

 private:
  struct Stamp {
    uint64_t inode = 0, bytes = 0;
    int64_t changed_ns = 0;
    bool operator==(const Stamp&) const = default;
  };
  struct Asked {
    std::string why;
    Gateway::Reloaded done;
  };
  static constexpr std::chrono::milliseconds watch_every{1'000};

  void run();
  std::vector<Asked> wait();
  void answer(const std::vector<Asked>& asked);
  // All or nothing: what is wrong is told, in the words of `sluice check`, and the old configuration stays. Logs what
  // came of it.
  [[gnu::cold]] tl::expected<void, std::vector<std::string>> reload(const std::string& why);
  // Looks at the file; true once a change of it is a look old, so that nobody is still writing it.
  bool file_has_changed();
  bool watches() const { return !running_->file.empty(); }
  Stamp stamp() const;
  void set_log_level(const config::Config& next, const std::string& why);
  void tell_what_needs_a_restart(const config::Config& next);

  const StartupOptions& options_;
  Gateway& gateway_;
  observe::Log& log_;
  const daemon::Notifier& notifier_;
  const net::Clock& clock_;
  std::atomic<uint32_t> grace_ms_;
  // The thread's alone.
  std::shared_ptr<const config::Config> running_;
  Stamp loaded_, seen_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Asked> asked_;  // guarded by it
  bool stopped_ = false;      // guarded by it
  std::thread thread_;
};

}  // namespace sluice
