#include "tool/signals.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>

namespace sluice {

Signals::Signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGUSR1);
  sigaddset(&set, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal_fd_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  poke_fd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

Signals::~Signals() {
  close(signal_fd_);
  close(poke_fd_);
}

Signals::Woken Signals::wait(uint64_t timeout_ms) {
  const int poll_ms = timeout_ms == forever ? -1 : static_cast<int>(std::min<uint64_t>(timeout_ms, INT_MAX));
  std::array<pollfd, 2> fds = {pollfd{signal_fd_, POLLIN, 0}, pollfd{poke_fd_, POLLIN, 0}};
  int ready = -1;
  do {
    ready = poll(fds.data(), fds.size(), poll_ms);
  } while (ready < 0 && errno == EINTR);
  if ((fds[0].revents & POLLIN) != 0) {
    signalfd_siginfo info;
    if (read(signal_fd_, &info, sizeof info) == sizeof info) {
      if (info.ssi_signo == SIGHUP) return Woken::reload;
      return info.ssi_signo == SIGUSR1 ? Woken::reopen : Woken::terminate;
    }
  }
  if ((fds[1].revents & POLLIN) != 0) {
    uint64_t count = 0;
    if (read(poke_fd_, &count, sizeof count) == sizeof count) return Woken::poked;
  }
  return Woken::timeout;
}

void Signals::poke() {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(poke_fd_, &one, sizeof one);
}

}  // namespace sluice
