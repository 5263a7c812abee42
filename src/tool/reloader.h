// Reads the configuration again and gives it to the gateway: on SIGHUP, when the file has changed, or on request. Runs
// on a separate thread, so that neither requests nor the service manager's watchdog wait for it, however large the
// configuration is.
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

// Makes the log write "***" for every secret of these configurations, and for no others.
[[gnu::cold]] void mask_secrets(observe::Log& log, std::initializer_list<const config::Config*> configs);

// Logs the warnings; of very many, only the first, since the log's queue is bounded.
void log_warnings(observe::Log& log, const std::vector<std::string>& warnings);

class Reloader {
 public:
  // `running`: the gateway's present configuration. The references must outlive it; stop it before the gateway.
  Reloader(const StartupOptions& options, std::shared_ptr<const config::Config> running, Gateway& gateway,
           observe::Log& log, const daemon::Notifier& notifier, const net::Clock& clock);
  ~Reloader() { stop(); }
  Reloader(const Reloader&) = delete;
  Reloader& operator=(const Reloader&) = delete;

  void start();
  // Any thread. Reads the configuration again; `done`, if any, gets the problems, on the reloader's thread. Once
  // stopped, `done` gets an error. `why` is for the log: "SIGHUP".
  void ask(std::string why, Gateway::Reloaded done = nullptr);
  // Waits for a reload under way.
  void stop();
  // Of the gateway's present configuration. Any thread.
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
  // All or nothing: on problems, reported as by `sluice check`, the old configuration stays. Logs the result.
  [[gnu::cold]] tl::expected<void, std::vector<std::string>> reload(const std::string& why);
  // Checks the file; true if it changed and was unchanged since the last check, so that it is no longer being written.
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
  // Used by the reloader's thread only.
  std::shared_ptr<const config::Config> running_;
  Stamp loaded_, seen_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Asked> asked_;  // guarded by mutex_
  bool stopped_ = false;      // guarded by mutex_
  std::thread thread_;
};

}  // namespace sluice
