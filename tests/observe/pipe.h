// A pipe to log into, read by the test with a time limit on every wait.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <string>

namespace sluice::observe::test {

class Pipe {
 public:
  Pipe() {
    if (pipe2(fds_, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  }
  ~Pipe() {
    close_read();
    close_write();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  int write_fd() const { return fds_[1]; }
  // The smallest capacity of a pipe: one page.
  void make_small() { capacity_ = fcntl(fds_[1], F_SETPIPE_SZ, 4096); }
  int capacity() const { return capacity_; }
  int held_bytes() const {
    int held = 0;
    ioctl(fds_[0], FIONREAD, &held);
    return held;
  }
  void close_read() { close_one(fds_[0]); }
  void close_write() { close_one(fds_[1]); }

  // Everything read so far, once it holds `lines` line ends; throws after 20 s without a byte.
  const std::string& read_lines(size_t lines) {
    while (line_ends_ < lines) {
      if (!read_some()) throw std::runtime_error("the pipe ended early: " + text_);
    }
    return text_;
  }
  const std::string& read_all() {
    close_write();
    while (read_some()) {
    }
    return text_;
  }

 private:
  static void close_one(int& fd) {
    if (fd >= 0) close(fd);
    fd = -1;
  }
  bool read_some() {
    pollfd entry{fds_[0], POLLIN, 0};
    if (poll(&entry, 1, 20'000) <= 0) throw std::runtime_error("nothing to read: " + text_);
    char buffer[65536];
    const ssize_t n = read(fds_[0], buffer, sizeof buffer);
    if (n <= 0) return false;
    text_.append(buffer, static_cast<size_t>(n));
    line_ends_ += static_cast<size_t>(std::count(buffer, buffer + n, '\n'));
    return true;
  }

  int fds_[2] = {-1, -1};
  int capacity_ = 65536;
  std::string text_;
  size_t line_ends_ = 0;  // in text_
};

}  // namespace sluice::observe::test
