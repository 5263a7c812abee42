// Reads the configuration again and has the gateway work by it: on SIGHUP, when the file has changed, when it is asked
// for.
#pragma once

#include <sys/stat.h>

#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "config/config.h"
#include "observe/log.h"
#include "sluice/gateway.h"
#include "startup.h"

namespace sluice {

// Has the log write "***" for every secret of `config`.
void mask_secrets(observe::Log& log, const config::Config& config);

class Reloader {
 public:
  // `running`: what the gateway works by now. The references must outlive it.
  Reloader(const StartupOptions& options, config::Config running, Gateway& gateway, observe::Log& log);

  // All or nothing: what is wrong is told, in the words of `sluice check`, and the old configuration stays. Logs what
  // came of it. Any one thread at a time. `why` is for the log: "SIGHUP".
  tl::expected<void, std::vector<std::string>> reload(std::string_view why);
  // Looks at the file; true once a change of it is a look old, so that nobody is still writing it. Every watch_ms.
  bool file_has_changed();
  bool watches() const { return !running_.file.empty(); }
  const config::Config& running() const { return running_; }
  static constexpr uint64_t watch_ms = 1'000;

 private:
  struct Stamp {
    uint64_t inode = 0, bytes = 0;
    int64_t changed_ns = 0;
    bool operator==(const Stamp&) const = default;
  };
  Stamp stamp() const;
  void set_log_level(const config::Config& next);
  void tell_what_needs_a_restart(const config::Config& next);

  const StartupOptions& options_;
  config::Config running_;
  Gateway& gateway_;
  observe::Log& log_;
  Stamp loaded_, seen_;
};

}  // namespace sluice
