#include "bench/call.h"

#include <string>
#include <utility>

namespace sluice::bench {

Call::Call(net::Loop& loop, http::OutboundPool& pool, CallEvents& events)
    : loop_(loop),
      pool_(pool),
      events_(events),
      timeout_(this, [](void* self) { static_cast<Call*>(self)->on_timeout(); }) {}

void Call::start(std::string_view request, uint32_t timeout_ms) {
  request_ = request;
  timeout_ms_ = timeout_ms;
  sent_ns_ = bytes_in_ = 0;
  loop_.timers().arm(timeout_, timeout_ms);
  if (auto idle = pool_.take_idle(); idle != nullptr) return send(std::move(idle), true);
  connect();
}

void Call::connect() {
  auto pending = pool_.connect([this](Result<std::unique_ptr<http::OutboundConnection>> connected) {
    const auto over = std::move(pending_);
    if (!connected) return fail(connected.error());
    send(std::move(*connected), false);
  });
  if (!pending) return fail(pending.error());  // its queue is full, which takes a pool with a cap
  pending_ = std::move(*pending);
}

void Call::send(std::unique_ptr<http::OutboundConnection> connection, bool reused) {
  connection_ = std::move(connection);
  reused_ = reused;
  ended_ = false;
  connection_->begin(*this, false);
  sent_ns_ = loop_.now_ns();
  connection_->send(std::span<const std::string_view>(&request_, 1));
  events_.on_call_sent();
}

void Call::give_back() {
  bytes_in_ += connection_->bytes_in();
  pool_.give_back(std::move(connection_));
}

void Call::cancel() {
  timeout_.cancel();
  pending_.reset();
  if (connection_) give_back();
}

void Call::fail(const Error& error) {
  cancel();
  events_.on_call_failed(error);
}

void Call::on_turn() {
  if (!ended_) return;
  cancel();
  events_.on_call_end();
}

void Call::on_target_broken(const Error& error) {
  if (reused_ && !connection_->answer_begun()) {
    give_back();
    reused_ = false;
    return connect();
  }
  fail(error);
}

void Call::on_timeout() {
  std::string message = "the answer had not begun";
  if (pending_) {
    message = pending_->stage();
  } else if (connection_ && connection_->answer_begun()) {
    message = "the answer was not whole";
  }
  fail({ErrorCode::target_timeout, message + " after " + std::to_string(timeout_ms_) + " ms"});
}

}  // namespace sluice::bench
