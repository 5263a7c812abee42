// Writes lines to standard output or its replacement: a file, a pipe, a socket, a terminal. Survives readers that go
// away and full disks, and does not hang at the end of the program on a reader that has stopped reading. Never appends
// a line to half of another one: a line that was cut by an error is completed first.
#pragma once

#include <atomic>
#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::observe {

class FdWriter {
 public:
  // After close_soon(): how long to wait, in total, for a reader that reads nothing.
  static constexpr int patience_ms = 1'000;

  // `fd` is not closed.
  explicit FdWriter(int fd);
  // Blocks until everything is written; on an error the rest is dropped. `lines` must be whole lines. Returns how many
  // were dropped; a line that was cut counts as written, because the next successful call writes its rest. One thread
  // only, which must block SIGPIPE and SIGXFSZ.
  size_t write(std::string_view lines);
  // The errno of the last call; 0: none.
  int error() const { return error_; }
  // Any thread: from now on waiting is limited to patience_ms.
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
