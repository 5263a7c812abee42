// Notices when a caller's stream has been silent so long that something must be written, before a proxy or the caller
// times out.
#pragma once

#include <cstdint>

#include "http/service.h"
#include "net/timers.h"

namespace sluice::gateway {

class HeartbeatEvents {
 public:
  // Nothing has been written for the given time, and no bytes are waiting to be sent.
  virtual void on_silence() = 0;

 protected:
  ~HeartbeatEvents() = default;
};

class Heartbeat {
 public:
  // Both must outlive the heartbeat.
  Heartbeat(http::Responder& responder, HeartbeatEvents& events);
  // Starts watching. on_silence() comes after `after_ms` of silence, at most half as long again. 0: never.
  void start(uint32_t after_ms);
  void stop() { timeout_.cancel(); }

 private:
  void look();

  http::Responder& responder_;
  HeartbeatEvents& events_;
  net::Timeout timeout_;
  uint32_t interval_ms_ = 0;
  uint64_t bytes_ = 0;       // of the answer written at the last look
  bool was_silent_ = false;  // at the last look
};

}  // namespace sluice::gateway
