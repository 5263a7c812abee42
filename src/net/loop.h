// One event loop on one thread: its clock, deferred work, timers, and the read buffer shared by all its sockets. libuv
// is used only inside this folder. Making a Loop also makes the process ignore SIGPIPE, unless it is handled already: a
// broken connection is reported as an error.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "net/clock.h"
#include "net/timers.h"

struct uv_loop_s;

namespace sluice::net {

class AlarmQueue;

class Loop {
 public:
  // Both must outlive it.
  explicit Loop(const Clock& clock = Clock::system(), Random& random = Random::system());
  // Closes what it owns. Every stream, listener and timer on it must be destroyed before; asserts so.
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Runs until stop(). stop() may be called on any thread, and before run().
  void run();
  void stop();
  // Runs one turn (tests); returns whether anything is still alive. With `wait` it waits for an event if anything is
  // alive, but never longer than 100 ms, so that a bounded number of turns takes bounded time.
  bool run_once(bool wait);

  // Runs `task` on the loop's thread in a later turn. Any thread. Tasks posted after stop() may never run.
  void post(std::function<void()> task);
  // Runs `task` at the end of the current turn, before the loop sleeps again. Loop's thread only. What such tasks defer
  // also runs before the loop sleeps; after a few rounds the loop polls its sockets in between.
  void defer(std::function<void()> task);
  // Destroys `object` at the end of the current turn: for objects that may be on the call stack now.
  template <typename T>
  void dispose(std::unique_ptr<T> object) {
    if (object) defer_delete(object.release(), [](void* p) { delete static_cast<T*>(p); });
  }

  // Monotonic milliseconds as of the start of this turn.
  uint64_t now_ms() const;
  // Call after long work: otherwise timers started in this turn fire too early by the time it took.
  void update_now();
  // Monotonic nanoseconds, read from the clock now. Any thread.
  uint64_t now_ns() const { return clock_.monotonic_ns(); }
  const Clock& clock() const { return clock_; }
  Random& random() const { return random_; }
  // When the next timer is due, in now_ms(), if the clock does not run by itself; nullopt: none is set.
  std::optional<uint64_t> next_timer_ms() const;

  Timers& timers() { return *timers_; }
  // The read buffer that all streams of this loop share, valid for one read callback: 64 KiB, followed by
  // read_padding_bytes that may also be read.
  std::span<char> read_buffer();
  // For net/ only.
  uv_loop_s* uv();
  AlarmQueue* alarms() { return alarms_.get(); }  // nullptr: the clock runs by itself

 private:
  void defer_delete(void* object, void (*destroy)(void*));
  struct State;
  const Clock& clock_;
  Random& random_;
  std::unique_ptr<AlarmQueue> alarms_;
  std::unique_ptr<State> state_;
  std::unique_ptr<Timers> timers_;
};

}  // namespace sluice::net
