#include "daemon/standard_streams.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace sluice::daemon {

bool ready_standard_streams() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (::fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
    // open(2) returns the lowest number that is free: this one.
    if (::open("/dev/null", O_RDWR) != fd)
      return false;  // NOLINT(android-cloexec-open): standard streams are inherited
  }
  struct sigaction now = {};
  if (sigaction(SIGXFSZ, nullptr, &now) == 0 && now.sa_handler == SIG_DFL) {
    now.sa_handler = SIG_IGN;
    sigaction(SIGXFSZ, &now, nullptr);
  }
  return true;
}

}  // namespace sluice::daemon
