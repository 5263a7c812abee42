#include "http/outbound_connection.h"

#include <new>

#include "http/outbound_pool.h"

namespace sluice::http {

OutboundConnection::OutboundConnection(std::unique_ptr<net::Stream> stream, const ParserLimits& limits)
    : stream_(std::move(stream)), parser_(Parser::Kind::responses, limits, *this), idle_timeout_(this, [](void* self) {
        auto* connection = static_cast<OutboundConnection*>(self);
        if (connection->idle_in_ != nullptr) connection->idle_in_->idle_connection_died(*connection);
      }) {
  stream_->set_events(this);
  stream_->start_reading();
  reading_ = true;
}

OutboundConnection::~OutboundConnection() = default;

void OutboundConnection::begin(AnswerEvents& events, bool head_request) {
  events_ = &events;
  if (answer_begun()) parser_.next_message();
  answer_ = Answer::awaited;
  bytes_in_ = 0;
  if (head_request) parser_.expect_no_body();
}

void OutboundConnection::release() { events_ = nullptr; }

void OutboundConnection::pause() {
  if (!reading_) return;
  stream_->stop_reading();
  reading_ = false;
}

void OutboundConnection::resume() {
  if (reading_) return;
  stream_->start_reading();
  reading_ = true;
}

bool OutboundConnection::reusable() const {
  return answer_ == Answer::whole && !dead_ && stream_->pending_bytes() == 0;
}

template <typename Work>
void OutboundConnection::guarded(Work work) {
  try {
    work();
  } catch (const std::bad_alloc&) {
    run_out();
  }
}

// Memory ran out within a callback: ends this exchange and no other.
void OutboundConnection::run_out() {
  dead_ = true;
  try {
    tell_broken({ErrorCode::overloaded, "out of memory"});
  } catch (const std::bad_alloc&) {
    stream_->set_events(nullptr);  // no memory even for that: it ends when the caller leaves
  }
}

void OutboundConnection::on_read(std::string_view bytes) {
  guarded([&] { take(bytes); });
}

void OutboundConnection::take(std::string_view bytes) {
  if (events_ == nullptr || answer_ == Answer::whole) {
    // Unsolicited bytes: must never be mistaken for the next answer.
    dead_ = true;
    if (idle_in_ != nullptr) idle_in_->idle_connection_died(*this);
    return;
  }
  answer_ = Answer::begun;
  bytes_in_ += bytes.size();
  const Result<size_t> taken = parser_.feed(bytes);
  if (!taken) return tell_broken(taken.error());
  if (*taken < bytes.size() || (answer_ == Answer::whole && !parser_.response_head().keep_alive)) dead_ = true;
  if (events_ != nullptr) events_->on_turn();
}

Result<void> OutboundConnection::on_head() {
  if (events_ != nullptr) events_->on_answer_head(parser_.response_head());
  return {};
}

void OutboundConnection::on_body(std::string_view bytes) {
  if (events_ != nullptr) events_->on_answer_body(bytes);
}

void OutboundConnection::on_message_end() {
  answer_ = Answer::whole;
  if (events_ != nullptr) events_->on_answer_end();
}

void OutboundConnection::on_end() {
  guarded([this] { ended(); });
}

void OutboundConnection::ended() {
  dead_ = true;
  if (idle_in_ != nullptr) return idle_in_->idle_connection_died(*this);
  if (events_ == nullptr || answer_ == Answer::whole) return;
  if (!answer_begun())
    return tell_broken({ErrorCode::target_broke, "the target closed the connection without an answer"});
  const Result<void> ended = parser_.finish();
  if (!ended) return tell_broken(ended.error());
  if (events_ != nullptr) events_->on_turn();
}

void OutboundConnection::on_broken(const Error& error) {
  dead_ = true;
  if (idle_in_ != nullptr) return idle_in_->idle_connection_died(*this);
  if (answer_ == Answer::whole) return;
  const ErrorCode broke = answer_begun() ? ErrorCode::target_cut : ErrorCode::target_broke;
  tell_broken({error.code == ErrorCode::io ? broke : error.code, error.message});
}

void OutboundConnection::tell_broken(const Error& error) {
  dead_ = true;
  if (AnswerEvents* events = events_; events != nullptr) {
    events_ = nullptr;
    events->on_target_broken(error);
  }
}

void OutboundConnection::on_drained() {
  guarded([this] {
    if (events_ != nullptr) events_->on_target_drained();
  });
}

}  // namespace sluice::http
