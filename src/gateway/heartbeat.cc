#include "gateway/heartbeat.h"

#include <algorithm>
#include <utility>

#include "net/loop.h"

namespace sluice::gateway {

Heartbeat::Heartbeat(http::Responder& responder, HeartbeatEvents& events)
    : responder_(responder),
      events_(events),
      timeout_(this, [](void* self) { static_cast<Heartbeat*>(self)->look(); }) {}

void Heartbeat::start(uint32_t after_ms) {
  if (after_ms == 0) return;
  interval_ms_ = std::max(after_ms / 2, 1U);
  bytes_ = responder_.bytes_out();
  was_silent_ = false;
  responder_.loop().timers().arm(timeout_, interval_ms_);
}

// Runs twice in the given time.
void Heartbeat::look() {
  responder_.loop().timers().arm(timeout_, interval_ms_);
  const uint64_t bytes = responder_.bytes_out();
  const bool is_silent = std::exchange(bytes_, bytes) == bytes && responder_.pending_bytes() == 0;
  if (!std::exchange(was_silent_, is_silent) || !is_silent) return;
  was_silent_ = false;
  events_.on_silence();
  bytes_ = responder_.bytes_out();
}

}  // namespace sluice::gateway
