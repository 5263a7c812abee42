#include "alerts/alert_channel.h"

#include <utility>

namespace sluice::alerts {
namespace {

http::PoolOptions no_reuse() {
  http::PoolOptions options;
  options.max_idle = 0;
  return options;
}

// Whether the same request may succeed later.
bool is_passing(int status) { return status >= 500 || status == 408 || status == 429; }

}  // namespace

AlertChannel::AlertChannel(net::Loop& loop, std::unique_ptr<net::Dialer> dialer, const AlertPatience& patience,
                           Lost lost)
    : loop_(loop),
      dialer_(std::move(dialer)),
      patience_(patience),
      lost_(std::move(lost)),
      pool_(loop, *dialer_, no_reuse(), counts_),
      call_(loop, pool_, *this),
      rest_(this, [](void* self) { static_cast<AlertChannel*>(self)->ask(); }) {}

void AlertChannel::send(std::string request) {
  if (queue_.size() == max_waiting) {
    queue_.pop_front();
    lost_("dropped");
  }
  queue_.push_back(std::move(request));
  if (phase_ == Phase::idle) next();
}

void AlertChannel::next() {
  phase_ = Phase::idle;
  if (queue_.empty()) return request_.clear();
  request_ = std::move(queue_.front());
  queue_.pop_front();
  tries_ = 0;
  ask();
}

void AlertChannel::ask() {
  ++tries_;
  phase_ = Phase::asking;
  call_.start(request_, {.connect_ms = patience_.connect_ms,
                         .response_ms = patience_.response_ms,
                         .head_is_all = true});  // the status is enough
}

void AlertChannel::on_call_end() {
  end_try(status_ >= 200 && status_ < 300, is_passing(status_), "status " + std::to_string(status_));
}

void AlertChannel::on_call_failed(const Error& error) { end_try(false, true, std::string(name_of(error.code))); }

void AlertChannel::end_try(bool arrived, bool again, const std::string& why) {
  if (!arrived && again && tries_ < patience_.max_tries) {
    phase_ = Phase::resting;
    uint64_t rest_ms = patience_.rest_ms;
    for (uint32_t i = 1; i < tries_; ++i) rest_ms *= 4;
    return loop_.timers().arm(rest_, rest_ms);
  }
  if (!arrived) lost_(why);
  next();
}

}  // namespace sluice::alerts
