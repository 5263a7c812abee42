#include "http/inbound_connection.h"

#include <algorithm>
#include <array>
#include <cassert>

#include "http/writer.h"

namespace sluice::http {

InboundConnection::InboundConnection(InboundConnections& all, std::unique_ptr<net::Stream> stream, uint32_t listener)
    : all_(all),
      stream_(std::move(stream)),
      parser_(Parser::Kind::requests, all.options_.limits, *this),
      read_timeout_(this, [](void* self) { static_cast<InboundConnection*>(self)->on_read_timeout(); }),
      write_timeout_(this, [](void* self) { static_cast<InboundConnection*>(self)->on_write_timeout(); }),
      listener_(listener) {
  stream_->set_events(this);
  stream_->start_reading();
  reading_ = true;
  loop().timers().arm(read_timeout_, all_.options_.head_ms);
}

InboundConnection::~InboundConnection() = default;

namespace {
constexpr int most_per_turn = 128;  // requests that came at once
}

// --- reading ---

// A large body is read to where it is gathered, a piece at a time so that others have their turn.
std::span<char> InboundConnection::read_room() {
  constexpr uint64_t least = 64 * 1024, most = 512 * 1024;
  if (state_ != State::serving || !handler_ || body_done_ || answered_) return {};
  const uint64_t left = parser_.body_left();
  if (left < least) return {};
  std::span<char> room;
  try {
    room = handler_->body_room(left);
  } catch (const std::bad_alloc&) {
    return {};  // on_body says so
  }
  return room.first(std::min<size_t>(room.size(), std::min(left, most)));
}

void InboundConnection::on_read(std::string_view bytes) {
  guarded([&] {
    if (state_ == State::closing) return linger(bytes.size());
    if (state_ == State::serving && body_done_) return hold(bytes);
    take(bytes);
  });
}

// Feeds the parser until the bytes are used up or an answer has to be awaited.
void InboundConnection::take(std::string_view bytes) {
  read_ns_ = loop().now_ns();
  const uint64_t written_before = written_bytes_;
  int begun = 0;
  while (!bytes.empty() && state_ != State::closing && state_ != State::gone) {
    if (state_ == State::serving && body_done_) return hold(bytes);
    if (state_ == State::waiting) {
      if (stream_->pending_bytes() > net::WriteMarks::high_bytes) return stall(bytes);
      if (begun++ == most_per_turn || written_bytes_ - written_before > net::WriteMarks::high_bytes) {
        return yield_turn(bytes);
      }
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

// The caller sends requests and takes no answers: it gets no more until it has taken some.
void InboundConnection::stall(std::string_view bytes) {
  stalled_ = true;
  read_timeout_.cancel();  // the write stall is what it has to hurry for
  hold(bytes);
  stream_->stop_reading();
  reading_ = false;
}

// So many requests at once, and answered so quickly: now it is the turn of other connections.
void InboundConnection::yield_turn(std::string_view bytes) {
  stall(bytes);
  loop().timers().arm(read_timeout_, 1);
}

// Out of stall() or yield_turn().
void InboundConnection::go_on() {
  stalled_ = false;
  loop().timers().arm(read_timeout_, all_.options_.keep_alive_ms);
  take_held();
}

void InboundConnection::take_held() {
  if (!held_.empty()) {
    std::string bytes = std::move(held_);
    held_.clear();
    bytes.reserve(bytes.size() + net::read_padding_bytes);
    take(bytes);
  }
  const bool wants_more =
      state_ == State::waiting || state_ == State::reading_head || (state_ == State::serving && !body_done_);
  if (!reading_ && !paused_ && !stalled_ && wants_more) {
    stream_->start_reading();
    reading_ = true;
  }
}

void InboundConnection::begin_serving() {
  state_ = State::serving;
  read_timeout_.cancel();
  head_begun_ = head_waits_ = chunked_ = by_close_ = no_body_ = answered_ = body_done_ = paused_ = false;
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
  if (fault_of(error.code) == Fault::caller) ++all_.malformed_total_;
  close_after_ = true;
  read_timeout_.cancel();
  if (state_ == State::serving && (handler_ || answered_ || head_begun_)) {
    if (!answered_ && handler_) handler_->on_request_broken(error);
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
  guarded([this] { hurry(); });
}

void InboundConnection::hurry() {
  switch (state_) {
    case State::waiting:
      return stalled_ ? go_on() : close_gently();
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
  no_body_ = request.method == Method::head || status == 204 || status == 304;
  const bool old = request.minor_version == 0;
  head_.clear();
  head_.reserve(field_lines.size() + reason.size() + 128);
  write_status_line(head_, status, reason);
  head_ += field_lines;
  if (length.bytes < Length::unsaid) {
    if (status != 204) write_field(head_, "content-length", length.bytes);
  } else if (length.bytes == Length::unknown && status != 204 && status != 304) {
    if (old) {
      if (!no_body_) by_close_ = close_after_ = true;
    } else {
      chunked_ = !no_body_;
      write_field(head_, "transfer-encoding", "chunked");
    }
  }
  // Answered before the body was read: the next request must never be read out of what is left of this one.
  const bool body_unread = request.framing != BodyFraming::none && !body_done_;
  const bool closes = close_after_ || all_.draining_ || body_unread;
  close_after_ = closes;
  if (status == 426 && field_lines.find("upgrade: ") != std::string_view::npos) {  // RFC 9110 7.8
    write_field(head_, "connection", closes ? "upgrade, close" : "upgrade");
  } else if (closes) {
    write_field(head_, "connection", "close");
  } else if (old) {
    write_field(head_, "connection", "keep-alive");
  }
  end_head(head_);
  head_begun_ = head_waits_ = true;
}

bool InboundConnection::recall_head() {
  if (!head_waits_ || answered_) return false;
  head_begun_ = head_waits_ = chunked_ = by_close_ = no_body_ = false;
  return true;
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
  guarded([this] {
    if (stalled_ && state_ == State::waiting) return go_on();
    if (state_ == State::serving && handler_ && !answered_) handler_->on_drained();
  });
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
  cut_ = by_close_ && head_begun_;
  if (!in_parser_) after_exchange();
}

// The answer is out: go on with the next request, or close.
void InboundConnection::after_exchange() {
  if (state_ != State::serving) return;
  drop_handler();
  if (cut_) return close_cut();
  if (close_after_ || all_.draining_ || !body_done_) return close_gently();
  parser_.next_message();
  state_ = State::waiting;
  head_timed_ = false;
  loop().timers().arm(read_timeout_, all_.options_.keep_alive_ms);
  take_held();
}

}  // namespace sluice::http
