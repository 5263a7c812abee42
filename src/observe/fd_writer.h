// Writes lines to standard output or whatever stands in its place: a file, a pipe, a socket, a terminal. Survives
// readers that went away and disks that are full, and does not hang at the end of the program on readers that stopped
// reading. Never joins a line to half of another one: a line that was cut by an error is completed first.
#pragma once

#include <atomic>
#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::observe {

class FdWriter {
 public:
  // After close_soon(), how long a reader that takes nothing is waited for, in all.
  static constexpr int patience_ms = 1'000;

  // `fd` is not closed.
  explicit FdWriter(int fd);
  // Blocks until all is written; gives the rest up on an error. `lines` are whole lines. Returns how many of them were
  // given up; one that was cut counts as written, as its rest follows with the next call that gets through. One thread
  // only, one that blocks SIGPIPE and SIGXFSZ.
  size_t write(std::string_view lines);
  // The error that the last call met; 0: none.
  int error() const { return error_; }
  // Any thread: from now on patience is limited.
  void close_soon() { closing_.store(true, std::memory_order_relaxed); }

 private:
  enum class Kind : unsigned char { file, socket, pipe };
  bool wait_writable();
  size_t put(std::string_view bytes);

  const int fd_;
  Kind kind_;
  std::atomic<bool> closing_{false};
  int patience_left_ms_ = patience_ms;
  int error_ = 0;
  std::string rest_;  // of a line whose beginning was written
};

}  // namespace sluice::observe
