#include "http/call.h"

#include <utility>

namespace sluice::http {

Call::Call(net::Loop& loop, OutboundPool& pool, CallEvents& events)
    : loop_(loop),
      pool_(pool),
      events_(events),
      stage_timeout_(this,
                     [](void* self) {
                       Call& call = *static_cast<Call*>(self);
                       call.on_timeout(call.pending_ ? call.bounds_.connect_ms : call.bounds_.response_ms);
                     }),
      whole_timeout_(this, [](void* self) {
        Call& call = *static_cast<Call*>(self);
        call.on_timeout(call.bounds_.whole_ms);
      }) {}

void Call::start(std::string_view request, const CallBounds& bounds) {
  request_ = request;
  bounds_ = bounds;
  sent_ns_ = bytes_in_ = 0;
  loop_.timers().arm(whole_timeout_, bounds.whole_ms);
  if (auto idle = pool_.take_idle(); idle != nullptr) return send(std::move(idle), true);
  connect();
}

void Call::connect() {
  auto pending = pool_.connect([this](Result<std::unique_ptr<OutboundConnection>> connected) {
    const auto over = std::move(pending_);
    if (!connected) return fail(connected.error());
    send(std::move(*connected), false);
  });
  if (!pending) return fail(pending.error());  // the waiting queue is full: only in a pool with a cap
  pending_ = std::move(*pending);
  loop_.timers().arm(stage_timeout_, bounds_.connect_ms);
}

void Call::send(std::unique_ptr<OutboundConnection> connection, bool reused) {
  connection_ = std::move(connection);
  reused_ = reused;
  ended_ = false;
  body_bytes_ = 0;
  connection_->begin(*this, false);
  sent_ns_ = loop_.now_ns();
  loop_.timers().arm(stage_timeout_, bounds_.response_ms);
  connection_->send(std::span<const std::string_view>(&request_, 1));
  events_.on_call_sent();
}

void Call::give_back() {
  bytes_in_ += connection_->bytes_in();
  pool_.give_back(std::move(connection_));  // which closes it unless the answer is complete
}

void Call::cancel() {
  stage_timeout_.cancel();
  whole_timeout_.cancel();
  pending_.reset();
  if (connection_) give_back();
}

void Call::fail(const Error& error) {
  cancel();
  events_.on_call_failed(error);
}

void Call::on_answer_head(ResponseHead& head) {
  stage_timeout_.cancel();
  ended_ = bounds_.head_is_all;
  events_.on_call_head(head);
}

void Call::on_answer_body(std::string_view bytes) {
  body_bytes_ += bytes.size();
  if (body_bytes_ <= bounds_.body_bytes) events_.on_call_body(bytes);
}

void Call::on_turn() {
  if (body_bytes_ > bounds_.body_bytes && !bounds_.head_is_all) {
    return fail(
        {ErrorCode::target_broke, "the answer is larger than " + std::to_string(bounds_.body_bytes) + " bytes"});
  }
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

void Call::on_timeout(uint32_t after_ms) {
  std::string message = "the answer had not begun";
  if (pending_) {
    message = pending_->stage();
  } else if (connection_ && connection_->answer_begun()) {
    message = "the answer was incomplete";
  }
  fail({ErrorCode::target_timeout, message + " after " + std::to_string(after_ms) + " ms"});
}

}  // namespace sluice::http
