#include "alerts/alert_channel.h"

#include <utility>

namespace sluice::alerts {
namespace {

http::PoolOptions no_reuse() {
  http::PoolOptions options;
  options.max_idle = 0;
  return options;
}

// Whether the same request may fare better later.
bool is_passing(int status) { return status >= 500 || status == 408 || status == 429; }

}  // namespace

AlertChannel::AlertChannel(net::Loop& loop, std::unique_ptr<net::Dialer> dialer, const AlertPatience& patience,
                           Lost lost)
    : loop_(loop),
      dialer_(std::move(dialer)),
      patience_(patience),
      lost_(std::move(lost)),
      pool_(loop, *dialer_, no_reuse(), counts_),
      timeout_(this, [](void* self) { static_cast<AlertChannel*>(self)->on_timeout(); }) {}

AlertChannel::~AlertChannel() { hang_up(); }

void AlertChannel::send(std::string request) {
  if (queue_.size() == most_waiting) {
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
  connect();
}

void AlertChannel::connect() {
  ++tries_;
  status_ = 0;
  phase_ = Phase::connecting;
  arm(patience_.connect_ms);
  auto pending = pool_.connect([this](Result<std::unique_ptr<http::OutboundConnection>> connected) {
    const std::unique_ptr<http::OutboundPool::Pending> over = std::move(pending_);
    if (!connected) return settle(false, true, std::string(name_of(connected.error().code)));
    connection_ = std::move(*connected);
    begin();
  });
  if (pending) pending_ = std::move(*pending);  // always: the pool has no cap
}

void AlertChannel::begin() {
  phase_ = Phase::awaiting;
  arm(patience_.response_ms);
  connection_->begin(*this, false);
  const std::string_view piece = request_;
  connection_->send(std::span<const std::string_view>(&piece, 1));
}

// The head says all; what else comes is not waited for.
void AlertChannel::on_turn() {
  if (phase_ != Phase::awaiting || status_ == 0) return;
  settle(status_ >= 200 && status_ < 300, is_passing(status_), "status " + std::to_string(status_));
}

void AlertChannel::on_target_broken(const Error& error) {
  if (phase_ == Phase::awaiting) settle(false, true, std::string(name_of(error.code)));
}

void AlertChannel::on_timeout() {
  if (phase_ == Phase::resting) return connect();
  settle(false, true, std::string(name_of(ErrorCode::target_timeout)));
}

void AlertChannel::arm(uint64_t after_ms) { loop_.timers().arm(timeout_, after_ms); }

void AlertChannel::hang_up() {
  timeout_.cancel();
  pending_.reset();
  if (connection_) pool_.give_back(std::move(connection_));  // which closes it
}

// This try is over.
void AlertChannel::settle(bool arrived, bool again, const std::string& why) {
  hang_up();
  if (!arrived && again && tries_ < patience_.most_tries) {
    phase_ = Phase::resting;
    uint64_t rest_ms = patience_.rest_ms;
    for (uint32_t i = 1; i < tries_; ++i) rest_ms *= 4;
    return arm(rest_ms);
  }
  if (!arrived) lost_(why);
  next();
}

}  // namespace sluice::alerts
