// Reports state to the service manager: the protocol of sd_notify(3), without libsystemd. Silent if no manager asked.
#pragma once

#include <sys/un.h>

#include <string_view>

#include "base/result.h"

namespace sluice::daemon {

class Notifier {
 public:
  // How long each send waits for a manager that does not read.
  static constexpr int patience_ms = 1'000;

  Notifier() = default;  // silent
  // `address`: $NOTIFY_SOCKET, a path or, with a leading '@', an abstract name. io: it is neither, or a socket cannot
  // be created.
  static Result<Notifier> to(std::string_view address);
  Notifier(Notifier&& other) noexcept;
  Notifier& operator=(Notifier&& other) noexcept;
  ~Notifier();

  bool on() const { return fd_ >= 0; }
  // Sends one datagram of assignments, one per line: "READY=1\nSTATUS=...". Any thread. Returns whether the manager's
  // socket accepted it; on failure nothing can be done.
  bool tell(std::string_view assignments) const;

 private:
  int fd_ = -1;
  sockaddr_un address_{};
  unsigned address_size_ = 0;  // used bytes of address_
};

}  // namespace sluice::daemon
