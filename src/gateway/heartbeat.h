// When a caller's stream has been silent for so long that something has to be written, or proxies on the way and the
// caller's own patience end it.
#pragma once

#include <cstdint>

#include "http/service.h"
#include "net/timers.h"

namespace sluice::gateway {

class HeartbeatEvents {
 public:
  // Nothing has been written for the time that was given, and nothing waits to be taken.
  virtual void on_silence() = 0;

 protected:
  ~HeartbeatEvents() = default;
};

class Heartbeat {
 public:
  // Both must outlive it.
  Heartbeat(http::Responder& responder, HeartbeatEvents& events);
  // From now on; `after_ms`: at least so long, and at most half as long again. 0: never.
  void start(uint32_t after_ms);
  void stop() { timeout_.cancel(); }

 private:
  void look();

  http::Responder& responder_;
  HeartbeatEvents& events_;
  net::Timeout timeout_;
  uint32_t interval_ms_ = 0;
  uint64_t bytes_ = 0;       // of the answer had been written at the last look
  bool was_silent_ = false;  // at the last look
};

}  // namespace sluice::gateway
