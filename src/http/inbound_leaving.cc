// How a caller's connection ends: inbound_connection.h.
#include <new>
#include <utility>

#include "base/give_back.h"
#include "http/inbound_connection.h"

namespace sluice::http {
namespace {

// Replaces the stream of a caller that has left.
class GoneStream final : public net::Stream {
 public:
  explicit GoneStream(std::string peer) : peer_(std::move(peer)) {}
  void set_events(net::StreamEvents*) override {}
  void start_reading() override {}
  void stop_reading() override {}
  void write(std::span<const std::string_view>) override {}
  size_t pending_bytes() const override { return 0; }
  void end() override {}
  bool reset() override { return true; }
  std::string peer() const override { return peer_; }

 private:
  const std::string peer_;
};

}  // namespace

void InboundConnection::drop_handler() {
  if (handler_) loop().dispose(std::move(handler_));
}

// Shuts our side once everything is written, then waits a little for the peer's FIN: a reset would destroy the end of
// the answer.
void InboundConnection::close_gently() {
  if (reading_ >= Reading::closing) return;
  drop_handler();
  reading_ = Reading::closing;
  give_back(held_);
  lingered_bytes_ = 0;
  stream_->end();
  read_stream(true);
  read_timeout_.cancel();
  if (stream_->pending_bytes() == 0) return on_ended();
  watch_writing();  // TLS still has to write close_notify
}

// Part of an answer has been sent that would look complete if the connection just ended, so the connection is reset.
// Where no reset exists (a Unix socket), nothing is sent until the caller gives up.
void InboundConnection::close_cut() {
  if (all_.draining_ || stream_->reset()) return leave();
  drop_handler();
  reading_ = Reading::closing;
  give_back(held_);
  lingers_until_ms_ = loop().now_ms() + all_.options_.silence_ms;
  loop().timers().arm(read_timeout_, all_.options_.silence_ms);
  read_stream(true);
}

// Before the stream is closed: an answer that ends with the connection, and has not all reached the kernel, must not
// look complete.
void InboundConnection::mark_cut() {
  if (framing_ != Framing::by_close || !head_sent()) return;
  const bool under_way = serving() && !answered();
  if (under_way || writing_ == Writing::cut || stream_->pending_bytes() > 0) stream_->reset();
}

void InboundConnection::on_ended() {
  if (reading_ != Reading::closing) return;
  lingers_until_ms_ = loop().now_ms() + all_.options_.linger_total_ms;
  loop().timers().arm(read_timeout_, all_.options_.linger_ms);
}

// The peer is still sending.
void InboundConnection::linger(size_t bytes) {
  lingered_bytes_ += bytes;
  if (lingered_bytes_ >= all_.options_.linger_bytes) {
    read_stream(false);
  } else if (read_timeout_.armed() && !all_.draining_ && writing_ != Writing::cut) {
    if (loop().now_ms() >= lingers_until_ms_) return leave();
    loop().timers().arm(read_timeout_, all_.options_.linger_ms);
  }
}

void InboundConnection::leave() {
  if (reading_ == Reading::gone) return;
  mark_cut();
  reading_ = Reading::gone;
  drop_handler();
  read_timeout_.cancel();
  write_timeout_.cancel();
  stream_->set_events(nullptr);
  all_.gone(*this);
}

void InboundConnection::drain(InboundConnections::Patience patience) {
  close_after_ = true;
  if (reading_ >= Reading::head) return;
  const uint32_t wait_ms = reading_ == Reading::fresh ? patience.first_request_ms : patience.next_request_ms;
  if (wait_ms == 0) return close_gently();
  if (reading_ == Reading::fresh) reading_ = Reading::waiting;
  loop().timers().arm(read_timeout_, wait_ms);
}

// A connection of a removed listener must not be served by the present configuration, which may ask less of callers of
// the remaining listeners.
void InboundConnection::lose_listener() {
  if (listener_gone_) return;
  listener_gone_ = close_after_ = true;
  guarded([this] {
    if (reading_ < Reading::head) return close_gently();
    if (reading_ == Reading::head) refuse({ErrorCode::draining, "sluice no longer listens on this address"});
  });
}

void InboundConnection::lose_caller(const Error& error) {
  if (serving() && handler_ && !answered()) {
    if (reading_ == Reading::whole && go_on_alone(error)) return;
    writing_ = head_sent() ? Writing::done : Writing::dropped;
    handler_->on_caller_gone(error);
  }
  leave();
}

// Whether the handler goes on. What it needs of the caller stays, except for the way back.
bool InboundConnection::go_on_alone(const Error& error) {
  mark_cut();
  alone_ = true;
  if (!handler_->goes_on_alone(error)) {
    alone_ = false;
    return false;
  }
  read_timeout_.cancel();
  write_timeout_.cancel();
  give_back(held_);
  give_back(head_);
  stream_->set_events(nullptr);
  auto nobody = std::make_unique<GoneStream>(stream_->peer());
  loop().dispose(std::exchange(stream_, std::move(nobody)));
  handler_->on_drained();
  return true;
}

// Memory ran out within a callback: ends this exchange, with 503 if nothing of its answer has been sent, and no other.
void InboundConnection::run_out() {
  in_parser_ = false;
  try {
    if (serving() || reading_ == Reading::head) refuse({ErrorCode::overloaded, "out of memory"});
    if (serving()) abort();
    if (reading_ != Reading::closing) leave();
  } catch (const std::bad_alloc&) {
    stream_->set_events(nullptr);  // no memory even for that: forget it as it is
  }
}

void InboundConnection::let_go() {
  guarded([this] {
    if (!alone_) lose_caller({ErrorCode::caller_gone, "the caller moved to another connection"});
  });
}

void InboundConnection::on_end() {
  guarded([this] { ended(); });
}

void InboundConnection::ended() {
  if (reading_ >= Reading::closing) return leave();
  if (reading_ < Reading::head && stream_->pending_bytes() > 0) return close_gently();  // it still wants its answer
  lose_caller({ErrorCode::caller_gone, "the caller closed the connection"});
}

void InboundConnection::on_broken(const Error& error) {
  guarded([&] { lose_caller({ErrorCode::caller_gone, error.message}); });
}

}  // namespace sluice::http
