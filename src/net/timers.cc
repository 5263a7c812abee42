#include "net/timers.h"

#include <algorithm>
#include <cassert>
#include <limits>
#include <new>
#include <utility>
#include <vector>

#include "net/alarm.h"
#include "net/loop.h"

namespace sluice::net {
namespace {

constexpr uint64_t never = std::numeric_limits<uint64_t>::max();
constexpr uint64_t max_ms = uint64_t{1} << 48;  // so that sums cannot overflow

}  // namespace

// The tick is an alarm set for the earliest deadline, but never within tick_ms of the previous tick: deadlines close
// together share one wake-up, and distant ones cost none until they are due.
struct Timers::State {
  // Timeouts of one duration, in order of expiry because the clock never goes back.
  struct List {
    State* all;
    Timeout* first = nullptr;
    Timeout* last = nullptr;
  };

  Loop& loop;
  Alarm tick;
  std::vector<uint64_t> durations_ms;  // of lists, index by index
  std::vector<std::unique_ptr<List>> lists;
  size_t armed = 0;
  uint64_t next_tick_ms = never;
  uint64_t last_tick_ms = 0;

  explicit State(Loop& on) : loop(on), tick(on, this, [](void* self) { static_cast<State*>(self)->ticked(); }) {
    tick.hold_loop(false);
  }

  // Few durations exist, so a scan is quick. An empty list is reused for another duration, so the number of lists is
  // bounded by that of armed timeouts.
  List& list_for(uint64_t duration_ms) {
    const auto found = std::find(durations_ms.begin(), durations_ms.end(), duration_ms);
    if (found != durations_ms.end()) return *lists[static_cast<size_t>(found - durations_ms.begin())];
    for (size_t i = 0; i < lists.size(); ++i) {
      if (lists[i]->first == nullptr) {
        durations_ms[i] = duration_ms;
        return *lists[i];
      }
    }
    durations_ms.push_back(duration_ms);
    lists.push_back(std::make_unique<List>(List{this}));
    return *lists.back();
  }

  void append(List& list, Timeout& timeout) {
    timeout.list_ = &list;
    timeout.next_ = nullptr;
    timeout.previous_ = list.last;
    (list.last ? list.last->next_ : list.first) = &timeout;
    list.last = &timeout;
    if (armed++ == 0) tick.hold_loop(true);
  }

  static void remove(Timeout& timeout) {
    assert(timeout.list_ != nullptr);
    List& list = *static_cast<List*>(timeout.list_);
    (timeout.previous_ ? timeout.previous_->next_ : list.first) = timeout.next_;
    (timeout.next_ ? timeout.next_->previous_ : list.last) = timeout.previous_;
    timeout.list_ = nullptr;
    timeout.next_ = timeout.previous_ = nullptr;
    // A tick still set finds nothing to do and is not set again.
    if (--list.all->armed == 0) list.all->tick.hold_loop(false);
  }

  Timeout* earliest() const {
    Timeout* best = nullptr;
    for (const auto& list : lists) {
      if (list->first && (!best || list->first->expires_ms_ < best->expires_ms_)) best = list->first;
    }
    return best;
  }

  void tick_for(uint64_t expires_ms) {
    const uint64_t at_ms = std::max(expires_ms, last_tick_ms + tick_ms);
    if (at_ms >= next_tick_ms) return;
    next_tick_ms = at_ms;
    const uint64_t now_ms = loop.now_ms();
    tick.start(at_ms > now_ms ? at_ms - now_ms : 0);
  }

  void ticked() {
    const uint64_t now_ms = loop.now_ms();
    last_tick_ms = now_ms;
    next_tick_ms = never;
    // Timeouts armed by a callback expire after now_ms, so this ends.
    Timeout* due = earliest();
    for (; due && due->expires_ms_ <= now_ms; due = earliest()) {
      remove(*due);
      try {
        due->fired_(due->owner_);
      } catch (const std::bad_alloc&) {  // the callback is lost, not the process
      }
    }
    if (due) tick_for(due->expires_ms_);
  }
};

void Timeout::cancel() {
  if (list_) Timers::State::remove(*this);
}

Timers::Timers(Loop& loop) : state_(std::make_unique<State>(loop)) {}

Timers::~Timers() {
  // Timeouts still armed must not point into freed lists when they are cancelled.
  for (const auto& list : state_->lists) {
    while (list->first) State::remove(*list->first);
  }
}

void Timers::arm(Timeout& timeout, uint64_t after_ms) {
  timeout.cancel();
  if (after_ms == 0) return;
  after_ms = std::min(after_ms, max_ms);
  timeout.expires_ms_ = state_->loop.now_ms() + after_ms;
  state_->append(state_->list_for(after_ms), timeout);
  state_->tick_for(timeout.expires_ms_);
}

struct Timer::State {
  Loop& loop;
  std::function<void()> fired;
  uint64_t repeat_ms = 0;
  Alarm alarm{loop, this, [](void* self) { static_cast<State*>(self)->rang(); }};

  void rang() {
    if (repeat_ms != 0) alarm.start(repeat_ms);
    fired();
  }
};

Timer::Timer(Loop& loop, std::function<void()> fired) : state_(new State{loop, std::move(fired)}) {}

Timer::~Timer() {
  state_->alarm.stop();
  state_->loop.dispose(std::move(state_));  // `fired` may be running
}

void Timer::start(uint64_t after_ms, uint64_t repeat_ms) {
  state_->repeat_ms = repeat_ms;
  state_->alarm.start(after_ms);
}

void Timer::stop() { state_->alarm.stop(); }

}  // namespace sluice::net
