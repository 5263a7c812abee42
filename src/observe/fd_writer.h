// Writes bytes to standard output or whatever stands in its place: a file, a pipe, a socket, a terminal. Survives
// readers that went away, and does not hang at the end of the program on readers that stopped reading.
#pragma once

#include <atomic>
#include <string_view>

namespace sluice::observe {

class FdWriter {
 public:
  // After close_soon(), how long a reader that takes nothing is waited for, in all.
  static constexpr int patience_ms = 1'000;

  // `fd` is not closed.
  explicit FdWriter(int fd);
  // Blocks until all is written; gives the rest up on an error. One thread only, one that blocks SIGPIPE.
  void write(std::string_view bytes);
  // Any thread: from now on patience is limited.
  void close_soon() { closing_.store(true, std::memory_order_relaxed); }

 private:
  enum class Kind : unsigned char { file, socket, pipe };
  bool wait_writable();

  const int fd_;
  Kind kind_;
  std::atomic<bool> closing_{false};
  int patience_left_ms_ = patience_ms;
};

}  // namespace sluice::observe
