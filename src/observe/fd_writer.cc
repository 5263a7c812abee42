#include "observe/fd_writer.h"

#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace sluice::observe {
namespace {

constexpr int poll_ms = 100;

}  // namespace

FdWriter::FdWriter(int fd) : fd_(fd), kind_(Kind::pipe) {
  struct stat status {};
  if (fstat(fd, &status) != 0) return;
  if (S_ISREG(status.st_mode)) kind_ = Kind::file;
  if (S_ISSOCK(status.st_mode)) kind_ = Kind::socket;
}

// Returns whether it is worth trying to write. Looks up every 100 ms to see whether the program wants to end.
bool FdWriter::wait_writable() {
  while (true) {
    pollfd entry{fd_, POLLOUT, 0};
    const int ready = poll(&entry, 1, patience_left_ms_ > 0 ? poll_ms : 0);
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
    if (!closing_.load(std::memory_order_relaxed)) continue;
    patience_left_ms_ -= poll_ms;
    if (patience_left_ms_ <= 0) return false;
  }
}

void FdWriter::write(std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t n = 0;
    if (kind_ == Kind::socket) {
      n = send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    } else if (kind_ == Kind::file) {
      n = ::write(fd_, bytes.data(), bytes.size());
    } else {
      // A pipe that is writable takes PIPE_BUF bytes without blocking, but maybe no more.
      if (!wait_writable()) return;
      n = ::write(fd_, bytes.data(), std::min<size_t>(bytes.size(), PIPE_BUF));
    }
    if (n >= 0) {
      bytes.remove_prefix(static_cast<size_t>(n));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (!wait_writable()) return;
    } else if (errno != EINTR) {
      return;
    }
  }
}

}  // namespace sluice::observe
