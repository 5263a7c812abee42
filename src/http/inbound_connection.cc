#include "http/inbound_connection.h"

#include <algorithm>
#include <array>
#include <cassert>

#include "http/writer.h"

namespace sluice::http {

// --- all connections of a worker ---

InboundConnections::InboundConnections(net::Loop& loop, Service& service, const InboundOptions& options, Closed closed)
    : loop_(loop), service_(service), options_(options), closed_(std::move(closed)) {}

InboundConnections::~InboundConnections() {
  while (first_ != nullptr) {
    InboundConnection* connection = first_;
    connection->handler_.reset();
    first_ = connection->next_;
    delete connection;
  }
}

void InboundConnections::add(std::unique_ptr<net::Stream> stream) {
  auto* connection = new InboundConnection(*this, std::move(stream));
  connection->next_ = first_;
  if (first_ != nullptr) first_->previous_ = connection;
  first_ = connection;
  ++size_;
}

void InboundConnections::drain(Patience patience) {
  draining_ = true;
  InboundConnection* next = nullptr;
  for (InboundConnection* connection = first_; connection != nullptr; connection = next) {
    next = connection->next_;
    connection->drain(patience);
  }
}

void InboundConnections::gone(InboundConnection& connection) {
  if (connection.previous_ != nullptr) connection.previous_->next_ = connection.next_;
  if (connection.next_ != nullptr) connection.next_->previous_ = connection.previous_;
  if (first_ == &connection) first_ = connection.next_;
  connection.next_ = connection.previous_ = nullptr;
  --size_;
  loop_.dispose(std::unique_ptr<InboundConnection>(&connection));
  if (closed_) closed_(size_);
}

// --- one connection ---

InboundConnection::InboundConnection(InboundConnections& all, std::unique_ptr<net::Stream> stream)
    : all_(all),
      stream_(std::move(stream)),
      parser_(Parser::Kind::requests, all.options_.limits, *this),
      read_timeout_(this, [](void* self) { static_cast<InboundConnection*>(self)->on_read_timeout(); }),
      write_timeout_(this, [](void* self) { static_cast<InboundConnection*>(self)->on_write_timeout(); }) {
  stream_->set_events(this);
  stream_->start_reading();
  reading_ = true;
  loop().timers().arm(read_timeout_, all_.options_.head_ms);
}

InboundConnection::~InboundConnection() = default;

// --- reading ---

void InboundConnection::on_read(std::string_view bytes) {
  if (state_ == State::closing) return linger(bytes.size());
  if (state_ == State::serving && body_done_) return hold(bytes);
  take(bytes);
}

// Feeds the parser until the bytes are used up or an answer has to be awaited.
void InboundConnection::take(std::string_view bytes) {
  read_ns_ = net::Loop::now_ns();
  while (!bytes.empty() && state_ != State::closing && state_ != State::gone) {
    if (state_ == State::serving && body_done_) return hold(bytes);
    if (state_ == State::waiting) {
      state_ = State::reading_head;
      received_ns_ = read_ns_;
      bytes_in_ = bytes_out_ = 0;
    }
    in_parser_ = true;
    const Result<size_t> taken = parser_.feed(bytes);
    in_parser_ = false;
    if (!taken) {
      refuse(taken.error());
      return;
    }
    bytes_in_ += *taken;
    bytes.remove_prefix(*taken);
    if (parser_.message_done()) body_done_ = true;
    if (state_ == State::reading_head && !head_timed_) {
      head_timed_ = true;
      loop().timers().arm(read_timeout_, all_.options_.head_ms);
    } else if (state_ == State::serving) {
      if (!body_done_) watch_body();
      if (answered_) after_exchange();
    }
  }
}

void InboundConnection::hold(std::string_view bytes) {
  held_.reserve(held_.size() + bytes.size() + net::read_padding_bytes);
  held_ += bytes;
  if (held_.size() >= all_.options_.pipelined_bytes && reading_) {
    stream_->stop_reading();
    reading_ = false;
  }
}

void InboundConnection::take_held() {
  if (!held_.empty()) {
    std::string bytes = std::move(held_);
    held_.clear();
    bytes.reserve(bytes.size() + net::read_padding_bytes);
    take(bytes);
  }
  if (!reading_ && !paused_ && (state_ == State::waiting || state_ == State::reading_head)) {
    stream_->start_reading();
    reading_ = true;
  }
}

void InboundConnection::begin_serving() {
  state_ = State::serving;
  read_timeout_.cancel();
  head_begun_ = head_waits_ = chunked_ = no_body_ = answered_ = body_done_ = paused_ = false;
}

Result<void> InboundConnection::on_head() {
  begin_serving();
  const RequestHead& head = parser_.request_head();
  close_after_ = !head.keep_alive || all_.draining_;
  body_window_bytes_ = 0;
  body_window_began_ms_ = loop().now_ms();
  handler_ = all_.service_.handle(head, *this);
  if (head.expects_continue && !answered_ && head.framing != BodyFraming::none) {
    write(std::array<std::string_view, 1>{"HTTP/1.1 100 Continue\r\n\r\n"});
  }
  return {};
}

void InboundConnection::on_body(std::string_view bytes) {
  body_window_bytes_ += bytes.size();
  if (!answered_) handler_->on_body(bytes);
}

void InboundConnection::on_message_end() {
  body_done_ = true;
  read_timeout_.cancel();
  if (!answered_) handler_->on_body_end();
}

// A request that cannot be read any further: answered by its handler if it has one, else by us.
void InboundConnection::refuse(const Error& error) {
  ++all_.malformed_total_;
  close_after_ = true;
  read_timeout_.cancel();
  if (state_ == State::serving) {
    if (!answered_) handler_->on_request_broken(error);
    if (state_ == State::serving && answered_) after_exchange();
    return;
  }
  begin_serving();
  Fields fields;
  std::string body;
  all_.service_.render_error(parser_.request_head(), error, fields, body);
  answer(http_status(error.code), fields, body);
  if (state_ == State::serving) after_exchange();
}

void InboundConnection::pause_body() {
  paused_ = true;
  read_timeout_.cancel();
  if (reading_ && !body_done_) {
    stream_->stop_reading();
    reading_ = false;
  }
}

void InboundConnection::resume_body() {
  if (!paused_) return;
  paused_ = false;
  if (state_ != State::serving || body_done_) return;
  body_window_bytes_ = 0;
  body_window_began_ms_ = loop().now_ms();
  watch_body();
  if (!reading_) {
    stream_->start_reading();
    reading_ = true;
  }
}

// (Re)arms the body's idle timer, and holds the body to its least rate over each window.
void InboundConnection::watch_body() {
  if (paused_ || all_.options_.body_idle_ms == 0) return;
  const uint64_t window_ms = loop().now_ms() - body_window_began_ms_;
  if (window_ms >= all_.options_.body_idle_ms) {
    if (body_window_bytes_ * 1000 < uint64_t{all_.options_.body_bytes_per_s} * window_ms) return on_read_timeout();
    body_window_bytes_ = 0;
    body_window_began_ms_ = loop().now_ms();
  }
  loop().timers().arm(read_timeout_, all_.options_.body_idle_ms);
}

void InboundConnection::on_read_timeout() {
  switch (state_) {
    case State::waiting:
      return close_gently();
    case State::reading_head:
      return refuse({ErrorCode::request_timeout,
                     "the request head did not arrive within " + std::to_string(all_.options_.head_ms) + " ms"});
    case State::serving:
      return refuse({ErrorCode::request_timeout,
                     "the request body stalled: fewer than " + std::to_string(all_.options_.body_bytes_per_s) +
                         " bytes/s or nothing for " + std::to_string(all_.options_.body_idle_ms) + " ms"});
    case State::closing:
      return leave();
    case State::gone:
      return;
  }
}

// --- writing ---

void InboundConnection::send_head_lines(int status, std::string_view field_lines, Length length,
                                        std::string_view reason) {
  assert(!head_begun_ && !answered_);
  const RequestHead& request = parser_.request_head();
  head_begun_ = head_waits_ = true;
  no_body_ = request.method == Method::head || status == 204 || status == 304;
  const bool old = request.minor_version == 0;
  head_.clear();
  head_.reserve(field_lines.size() + reason.size() + 128);
  write_status_line(head_, status, reason);
  head_ += field_lines;
  if (length.bytes != Length::unknown) {
    if (status != 204) write_field(head_, "content-length", length.bytes);
  } else if (status != 204 && status != 304) {
    if (old) {
      if (!no_body_) close_after_ = true;
    } else {
      chunked_ = !no_body_;
      write_field(head_, "transfer-encoding", "chunked");
    }
  }
  // Answered before the body was read: the next request must never be read out of what is left of this one.
  const bool body_unread = request.framing != BodyFraming::none && !body_done_;
  if (close_after_ || all_.draining_ || body_unread) {
    close_after_ = true;
    write_field(head_, "connection", "close");
  } else if (old) {
    write_field(head_, "connection", "keep-alive");
  }
  end_head(head_);
}

void InboundConnection::flush_head() {
  if (head_waits_) write({});
}

void InboundConnection::send_body(std::span<const std::string_view> pieces, bool last) {
  assert(head_begun_ && !answered_);
  size_t size = 0;
  for (const std::string_view piece : pieces) size += piece.size();
  std::vector<std::string_view>& out = all_.pieces_;
  out.clear();
  const ChunkLine line(size);
  if (size > 0 && !no_body_) {
    if (chunked_) out.push_back(line.view());
    out.insert(out.end(), pieces.begin(), pieces.end());
    if (chunked_) out.push_back("\r\n");
  }
  if (last && chunked_) out.push_back(last_chunk);
  if (!out.empty() || head_waits_) write(out);
  if (last) chunked_ = false;  // its end is written
}

// One system call for the head, if it still waits, and the pieces.
void InboundConnection::write(std::span<const std::string_view> pieces) {
  const auto count = [this](std::string_view piece) {
    bytes_out_ += piece.size();
    written_bytes_ += piece.size();
  };
  if (head_waits_) {
    head_waits_ = false;
    std::array<std::string_view, 16> gathered;
    if (pieces.size() + 1 > gathered.size()) {
      count(head_);
      stream_->write(head_);
    } else {
      gathered[0] = head_;
      std::copy(pieces.begin(), pieces.end(), gathered.begin() + 1);
      for (size_t i = 0; i <= pieces.size(); ++i) count(gathered[i]);
      stream_->write(std::span<const std::string_view>(gathered.data(), pieces.size() + 1));
      pieces = {};
    }
    if (head_.capacity() > 1024 || chunked_) head_ = {};  // a stream may last
  }
  if (!pieces.empty()) {
    for (const std::string_view piece : pieces) count(piece);
    stream_->write(pieces);
  }
  watch_writing();
}

void InboundConnection::watch_writing() {
  if (stream_->pending_bytes() == 0 || write_timeout_.armed()) return;
  taken_bytes_ = written_bytes_ - stream_->pending_bytes();
  loop().timers().arm(write_timeout_, all_.options_.write_stall_ms);
}

void InboundConnection::on_write_timeout() {
  const size_t pending = stream_->pending_bytes();
  if (pending == 0) return;
  const uint64_t taken = written_bytes_ - pending;
  if (taken > taken_bytes_) {
    taken_bytes_ = taken;
    loop().timers().arm(write_timeout_, all_.options_.write_stall_ms);
    return;
  }
  lose_caller({ErrorCode::caller_gone,
               "the caller took no byte of the answer for " + std::to_string(all_.options_.write_stall_ms) + " ms"});
}

void InboundConnection::on_drained() {
  if (state_ == State::serving && handler_ && !answered_) handler_->on_drained();
}

void InboundConnection::finish() {
  if (answered_) return;
  assert(head_begun_);
  if (chunked_) {
    write(std::array<std::string_view, 1>{last_chunk});
  } else {
    flush_head();
  }
  answered_ = true;
  if (!in_parser_) after_exchange();
}

void InboundConnection::abort() {
  if (answered_) return;
  flush_head();
  answered_ = close_after_ = true;
  if (!in_parser_) after_exchange();
}

// The answer is out: go on with the next request, or close.
void InboundConnection::after_exchange() {
  if (state_ != State::serving) return;
  drop_handler();
  if (close_after_ || all_.draining_ || !body_done_) return close_gently();
  parser_.next_message();
  state_ = State::waiting;
  head_timed_ = false;
  loop().timers().arm(read_timeout_, all_.options_.keep_alive_ms);
  take_held();
}

// --- leaving ---

void InboundConnection::drop_handler() {
  if (handler_) loop().dispose(std::move(handler_));
}

// Shuts our side once all is written, then waits a little for the peer's FIN, so that a reset does not destroy the
// answer's end.
void InboundConnection::close_gently() {
  if (state_ == State::closing || state_ == State::gone) return;
  drop_handler();
  state_ = State::closing;
  held_ = {};
  lingered_bytes_ = 0;
  stream_->end();
  if (!reading_) {
    stream_->start_reading();
    reading_ = true;
  }
  read_timeout_.cancel();
  if (stream_->pending_bytes() == 0) return on_ended();
  watch_writing();  // TLS has a last word too
}

void InboundConnection::on_ended() {
  if (state_ != State::closing) return;
  lingers_until_ms_ = loop().now_ms() + all_.options_.linger_total_ms;
  loop().timers().arm(read_timeout_, all_.options_.linger_ms);
}

// The peer still sends.
void InboundConnection::linger(size_t bytes) {
  lingered_bytes_ += bytes;
  if (lingered_bytes_ >= all_.options_.linger_bytes) {
    stream_->stop_reading();
    reading_ = false;
  } else if (read_timeout_.armed() && !all_.draining_) {
    if (loop().now_ms() >= lingers_until_ms_) return leave();
    loop().timers().arm(read_timeout_, all_.options_.linger_ms);
  }
}

void InboundConnection::leave() {
  if (state_ == State::gone) return;
  state_ = State::gone;
  drop_handler();
  read_timeout_.cancel();
  write_timeout_.cancel();
  stream_->set_events(nullptr);
  all_.gone(*this);
}

void InboundConnection::drain(InboundConnections::Patience patience) {
  close_after_ = true;
  if (state_ != State::waiting) return;
  const uint32_t wait_ms = head_timed_ ? patience.first_request_ms : patience.next_request_ms;
  if (wait_ms == 0) return close_gently();
  head_timed_ = false;  // the head's deadline runs from its first byte
  loop().timers().arm(read_timeout_, wait_ms);
}

void InboundConnection::lose_caller(const Error& error) {
  if (state_ == State::serving && handler_ && !answered_) {
    answered_ = true;
    handler_->on_caller_gone(error);
  }
  leave();
}

void InboundConnection::on_end() {
  if (state_ == State::closing || state_ == State::gone) return leave();
  if (state_ == State::waiting && stream_->pending_bytes() > 0) return close_gently();  // it still wants its answer
  lose_caller({ErrorCode::caller_gone, "the caller closed the connection"});
}

void InboundConnection::on_broken(const Error& error) { lose_caller({ErrorCode::caller_gone, error.message}); }

}  // namespace sluice::http
