// Timeouts by the thousand: one coarse tick per loop, one intrusive list per distinct duration. Within a list the
// entries are in order of expiry, so a tick only checks the heads, and arming is an O(1) append.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

namespace sluice::net {

class Loop;
class Timers;

// One deadline. Destroying or cancelling it is O(1) and always safe, even inside its own callback.
class Timeout {
 public:
  using Fired = void (*)(void* owner);
  // `fired(owner)` runs on the loop's thread. `owner` must outlive the Timeout.
  Timeout(void* owner, Fired fired) : owner_(owner), fired_(fired) {}
  ~Timeout() { cancel(); }
  Timeout(const Timeout&) = delete;
  Timeout& operator=(const Timeout&) = delete;
  void cancel();
  bool armed() const { return list_ != nullptr; }

 private:
  friend class Timers;
  void* owner_;
  Fired fired_;
  void* list_ = nullptr;  // the list this is in
  Timeout* next_ = nullptr;
  Timeout* previous_ = nullptr;
  uint64_t expires_ms_ = 0;
};

class Timers {
 public:
  // A timeout fires at its time or up to this much later, never earlier.
  static constexpr uint64_t tick_ms = 20;

  explicit Timers(Loop& loop);
  ~Timers();
  // (Re)arms: `timeout` fires once, `after_ms` from now (from the loop's now_ms()). 0 cancels: 0 means "no limit" in
  // the configuration.
  void arm(Timeout& timeout, uint64_t after_ms);

 private:
  friend class Timeout;
  struct State;
  std::unique_ptr<State> state_;
};

// A precise repeating or one-shot timer for the few places that need one (pacing, periodic work).
class Timer {
 public:
  Timer(Loop& loop, std::function<void()> fired);
  ~Timer();  // allowed inside `fired`
  void start(uint64_t after_ms, uint64_t repeat_ms = 0);
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sluice::net
