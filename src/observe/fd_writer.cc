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

// Returns whether it is worth trying to write. Checks every 100 ms whether the program wants to end.
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

// Returns how much was written: all, unless there is an error().
size_t FdWriter::put(std::string_view bytes) {
  size_t written = 0;
  while (written < bytes.size()) {
    const std::string_view left = bytes.substr(written);
    ssize_t n = 0;
    if (kind_ == Kind::socket) {
      n = send(fd_, left.data(), left.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    } else if (kind_ == Kind::file) {
      n = ::write(fd_, left.data(), left.size());
    } else {
      // A writable pipe accepts PIPE_BUF bytes without blocking, but perhaps no more.
      if (!wait_writable()) {
        error_ = ETIMEDOUT;
        return written;
      }
      n = ::write(fd_, left.data(), std::min<size_t>(left.size(), PIPE_BUF));
    }
    if (n >= 0) {
      written += static_cast<size_t>(n);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (!wait_writable()) {
        error_ = ETIMEDOUT;
        return written;
      }
    } else if (errno != EINTR) {
      error_ = errno;
      return written;
    }
  }
  return written;
}

size_t FdWriter::write(std::string_view lines) {
  error_ = 0;
  const auto count = [](std::string_view text) {
    return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
  };
  if (!rest_.empty()) {
    rest_.erase(0, put(rest_));
    if (error_ != 0) return count(lines);
  }
  const size_t written = put(lines);
  if (error_ == 0) return 0;
  size_t lost = written;  // where the lost lines begin
  if (written > 0 && lines[written - 1] != '\n') {
    lost = std::min(lines.find('\n', written), lines.size() - 1) + 1;
    rest_ = lines.substr(written, lost - written);
  }
  return count(lines.substr(lost));
}

}  // namespace sluice::observe
