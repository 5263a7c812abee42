// One event loop on one thread: its clock, its deferred work, its timers, and the buffer that all its sockets read
// into. libuv stays behind this folder. Making a Loop also makes the process ignore SIGPIPE, if nothing handles it yet:
// a broken connection is told as an error.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "net/timers.h"

struct uv_loop_s;

namespace sluice::net {

class Loop {
 public:
  Loop();
  // Closes what it owns itself. Every stream, listener and timer on it must be gone by then; asserts so.
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Runs until stop(). stop() may be called on any thread, and before run().
  void run();
  void stop();
  // Runs one turn (tests): returns whether anything is still alive. With `wait` it waits for something to happen if
  // anything is alive, but never longer than 100 ms, so that a bounded number of turns is bounded in time.
  bool run_once(bool wait);

  // Runs `task` on the loop's thread in a later turn. Any thread. Tasks posted after stop() may never run.
  void post(std::function<void()> task);
  // Runs `task` at the end of the current turn, before the loop sleeps again. Loop's thread only. What such tasks
  // defer runs before the loop sleeps too; after a few rounds of that, the loop looks at its sockets in between.
  void defer(std::function<void()> task);
  // Destroys `object` at the end of the current turn: for objects that may be on the call stack now.
  template <typename T>
  void dispose(std::unique_ptr<T> object) {
    if (object) defer_delete(object.release(), [](void* p) { delete static_cast<T*>(p); });
  }

  // Monotonic milliseconds as of the start of this turn.
  uint64_t now_ms() const;
  // Monotonic nanoseconds, read from the clock now.
  static uint64_t now_ns();

  Timers& timers() { return *timers_; }
  // The read buffer that all streams of this loop share, valid for one read callback: 64 KiB, with
  // read_padding_bytes more behind it that may be read.
  std::span<char> read_buffer();
  uv_loop_s* uv();  // for net/ only

 private:
  void defer_delete(void* object, void (*destroy)(void*));
  struct State;
  std::unique_ptr<State> state_;
  std::unique_ptr<Timers> timers_;
};

}  // namespace sluice::net
