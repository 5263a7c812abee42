#include "net/alarm.h"

#include <uv.h>

#include "net/loop.h"

namespace sluice::net {

struct Alarm::State {
  uv_timer_t timer;
  void* owner;
  Rang rang;
  Loop& loop;
  AlarmQueue* queue;  // nullptr: the clock runs by itself
  AlarmQueue::Place place{};
};

Alarm::Alarm(Loop& loop, void* owner, Rang rang) : state_(new State{{}, owner, rang, loop, loop.alarms()}) {
  uv_timer_init(loop.uv(), &state_->timer);
  state_->timer.data = state_;
}

Alarm::~Alarm() {
  stop();
  uv_close(reinterpret_cast<uv_handle_t*>(&state_->timer),
           [](uv_handle_t* handle) { delete static_cast<State*>(handle->data); });
}

void Alarm::start(uint64_t after_ms) {
  if (state_->queue != nullptr) {
    stop();
    state_->place = {state_->loop.now_ms() + after_ms, ++state_->queue->set_};
    state_->queue->waiting_.emplace(state_->place, state_);
    return;
  }
  uv_timer_start(
      &state_->timer,
      [](uv_timer_t* timer) {
        const State& state = *static_cast<State*>(timer->data);
        state.rang(state.owner);
      },
      after_ms, 0);
}

void Alarm::stop() {
  if (state_->queue != nullptr) state_->queue->waiting_.erase(state_->place);
  uv_timer_stop(&state_->timer);
}

void Alarm::hold_loop(bool holds) {
  auto* const handle = reinterpret_cast<uv_handle_t*>(&state_->timer);
  holds ? uv_ref(handle) : uv_unref(handle);
}

std::optional<uint64_t> AlarmQueue::next_ms() const {
  if (waiting_.empty()) return std::nullopt;
  return waiting_.begin()->first.first;
}

void AlarmQueue::ring(uint64_t now_ms) {
  const uint64_t set_before = set_;
  while (!waiting_.empty()) {
    const auto [place, state] = *waiting_.begin();
    if (place.first > now_ms || place.second > set_before) return;
    waiting_.erase(waiting_.begin());
    state->rang(state->owner);
  }
}

}  // namespace sluice::net
