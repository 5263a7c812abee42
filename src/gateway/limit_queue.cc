#include "gateway/limit_queue.h"

#include <algorithm>

#include "gateway/caller_pass.h"

namespace sluice::gateway {
namespace {

constexpr uint64_t again_ms = net::Timers::tick_ms;

}  // namespace

LimitQueue::LimitQueue(net::Loop& loop, policy::Limiter& limiter, observe::WorkerMetrics& metrics, size_t most)
    : loop_(loop),
      limiter_(limiter),
      metrics_(metrics),
      most_(most),
      again_(this, [](void* self) { static_cast<LimitQueue*>(self)->try_all(); }),
      self_(std::make_shared<LimitQueue*>(this)) {}

LimitQueue::Places::iterator LimitQueue::add(CallerPass& pass) {
  const auto place = waiting_.insert(waiting_.end(), &pass);
  note_size();
  if (!again_.armed()) loop_.timers().arm(again_, again_ms);
  return place;
}

void LimitQueue::remove(Places::iterator place, bool let_in) {
  (let_in ? let_in_ : waiting_).erase(place);
  note_size();
}

void LimitQueue::note_size() { metrics_.limit_waiting.set(static_cast<int64_t>(waiting_.size())); }

void LimitQueue::freed() {
  if (waiting_.empty() || try_due_) return;
  try_due_ = true;
  loop_.defer([gone = std::weak_ptr(self_)] {
    const auto queue = gone.lock();
    if (queue == nullptr) return;
    (*queue)->try_due_ = false;
    (*queue)->try_all();
  });
}

void LimitQueue::try_all() {
  refusing_.clear();
  const uint64_t now_ns = loop_.now_ns();
  for (auto place = waiting_.begin(); place != waiting_.end();) {
    CallerPass& pass = **place;
    const auto here = place++;
    if (pass.under_any_of(refusing_)) continue;
    if (const policy::Limit* refusing = pass.try_again(now_ns); refusing != nullptr) {
      refusing_.push_back(refusing);
    } else {
      let_in_.splice(let_in_.end(), waiting_, here);
    }
  }
  note_size();
  // Called only now, because it may end exchanges, which then remove themselves from either list.
  while (!let_in_.empty()) let_in_.front()->go_on();
  if (!waiting_.empty()) loop_.timers().arm(again_, again_ms);
}

}  // namespace sluice::gateway
