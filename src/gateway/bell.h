// Wakes a loop from any thread. Rings that arrive before the callback runs are merged into one.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <utility>

#include "net/loop.h"

namespace sluice::gateway {

// Create with make_shared. It must not be rung once its loop is destroyed.
class Bell : public std::enable_shared_from_this<Bell> {
 public:
  // `heard` runs on the loop's thread, in a later turn than the ring.
  Bell(net::Loop& loop, std::function<void()> heard) : loop_(loop), heard_(std::move(heard)) {}

  // Any thread.
  void ring() {
    if (rung_.exchange(true)) return;
    loop_.post([self = shared_from_this()] {
      self->rung_.store(false);
      const std::function<void()> heard = self->heard_;  // a copy: the call may silence() it
      if (heard) heard();
    });
  }
  // `heard` is not called any more. The loop's thread only.
  void silence() { heard_ = nullptr; }

 private:
  net::Loop& loop_;
  std::function<void()> heard_;
  std::atomic<bool> rung_{false};
};

}  // namespace sluice::gateway
