// Tells the service manager how things are: the protocol of sd_notify(3), without libsystemd. Silent where nobody
// wants to know.
#pragma once

#include <sys/un.h>

#include <string_view>

#include "base/result.h"

namespace sluice::daemon {

class Notifier {
 public:
  // How long a manager that does not read is waited for, each time.
  static constexpr int patience_ms = 1'000;

  Notifier() = default;  // nobody wants to know
  // `address`: $NOTIFY_SOCKET, a path or, with a leading '@', an abstract name. io: it is neither, or no socket can be
  // made.
  static Result<Notifier> to(std::string_view address);
  Notifier(Notifier&& other) noexcept;
  Notifier& operator=(Notifier&& other) noexcept;
  ~Notifier();

  bool on() const { return fd_ >= 0; }
  // Sends one datagram of assignments, one a line: "READY=1\nSTATUS=...". Any thread. Returns whether the manager's
  // socket has taken it; nothing can be done where it has not.
  bool tell(std::string_view assignments) const;

 private:
  int fd_ = -1;
  sockaddr_un address_{};
  unsigned address_size_ = 0;  // bytes of address_ that count
};

}  // namespace sluice::daemon
