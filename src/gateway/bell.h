// Wakes whoever waits on one loop, from any thread: rings between two looks are one.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <utility>

#include "net/loop.h"

namespace sluice::gateway {

// Made by make_shared. Whoever can ring it must stop before its loop is destroyed.
class Bell : public std::enable_shared_from_this<Bell> {
 public:
  // `heard` runs on the loop's thread, in a later turn than the ring.
  Bell(net::Loop& loop, std::function<void()> heard) : loop_(loop), heard_(std::move(heard)) {}

  // Any thread.
  void ring() {
    if (rung_.exchange(true)) return;
    loop_.post([self = shared_from_this()] {
      self->rung_.store(false);
      const std::function<void()> heard = self->heard_;  // which may end by silence()
      if (heard) heard();
    });
  }
  // Nothing is heard from now on. The loop's thread only.
  void silence() { heard_ = nullptr; }

 private:
  net::Loop& loop_;
  std::function<void()> heard_;
  std::atomic<bool> rung_{false};
};

}  // namespace sluice::gateway
