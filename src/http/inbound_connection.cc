#include "http/inbound_connection.h"

#include <algorithm>
#include <array>
#include <cassert>

#include "base/spare_text.h"
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
  read_stream(true);
  loop().timers().arm(read_timeout_, all_.options_.head_ms);
}

InboundConnection::~InboundConnection() = default;

namespace {
constexpr int max_per_turn = 128;  // pipelined requests
using HeadBlock = SpareText<1024>;
}  // namespace

// --- reading ---

void InboundConnection::read_stream(bool on) {
  if (on == stream_reads_) return;
  stream_reads_ = on;
  on ? stream_->start_reading() : stream_->stop_reading();
}

// A large body is read straight into the handler's buffer, one piece at a time so that others have their turn.
std::span<char> InboundConnection::read_room() {
  constexpr uint64_t least = 64 * 1024, most = 512 * 1024;
  if (reading_ != Reading::body || !handler_ || answered()) return {};
  const uint64_t left = parser_.body_left();
  if (left < least) return {};
  std::span<char> room;
  try {
    room = handler_->body_room(left);
  } catch (const std::bad_alloc&) {
    return {};  // on_body reports it
  }
  return room.first(std::min<size_t>(room.size(), std::min(left, most)));
}

void InboundConnection::on_read(std::string_view bytes) {
  guarded([&] {
    if (reading_ == Reading::closing) return linger(bytes.size());
    if (reading_ == Reading::whole) return hold(bytes);
    take(bytes);
  });
}

// Feeds the parser until the bytes are used up or an answer must be awaited.
void InboundConnection::take(std::string_view bytes) {
  read_ns_ = loop().now_ns();
  const uint64_t written_before = written_bytes_;
  int begun = 0;
  while (!bytes.empty() && reading_ < Reading::closing) {
    if (reading_ == Reading::whole) return hold(bytes);
    // The head timer starts at the head's first byte; for a connection's first request it started at the accept.
    const bool times_head = reading_ == Reading::waiting || reading_ == Reading::stalled;
    if (reading_ < Reading::head) {
      if (stream_->pending_bytes() > net::WriteMarks::high_bytes) return stall(bytes);
      if (begun++ == max_per_turn || written_bytes_ - written_before > net::WriteMarks::high_bytes) {
        return yield_turn(bytes);
      }
      reading_ = Reading::head;
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
    if (reading_ == Reading::head) {
      if (times_head) loop().timers().arm(read_timeout_, all_.options_.head_ms);
    } else if (serving()) {
      if (reading_ == Reading::body) watch_body();
      if (answered()) after_exchange();
    }
  }
}

void InboundConnection::hold(std::string_view bytes) {
  held_.reserve(held_.size() + bytes.size() + net::read_padding_bytes);
  held_ += bytes;
  if (held_.size() >= all_.options_.pipelined_bytes) read_stream(false);
}

// The caller sends requests but reads no answers: no further request is read until it does.
void InboundConnection::stall(std::string_view bytes) {
  reading_ = Reading::stalled;
  read_timeout_.cancel();  // the write stall timer runs instead
  hold(bytes);
  read_stream(false);
}

// So many requests were pipelined and answered so quickly that other connections must have their turn now.
void InboundConnection::yield_turn(std::string_view bytes) {
  stall(bytes);
  loop().timers().arm(read_timeout_, 1);
}

// Leaves stall() or yield_turn().
void InboundConnection::go_on() {
  reading_ = Reading::waiting;
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
  if (reading_ <= Reading::body && reading_ != Reading::stalled) read_stream(true);
}

void InboundConnection::begin_serving() {
  reading_ = Reading::body;
  writing_ = Writing::nothing;
  framing_ = Framing::by_length;
  read_timeout_.cancel();
}

Result<void> InboundConnection::on_head() {
  begin_serving();
  const RequestHead& head = parser_.request_head();
  close_after_ = !head.keep_alive || all_.draining_;
  body_window_bytes_ = 0;
  body_window_began_ms_ = loop().now_ms();
  handler_ = all_.service_.handle(head, *this);
  if (head.expects_continue && !answered() && head.framing != BodyFraming::none) {
    write(std::array<std::string_view, 1>{"HTTP/1.1 100 Continue\r\n\r\n"});
  }
  return {};
}

void InboundConnection::on_body(std::string_view bytes) {
  body_window_bytes_ += bytes.size();
  if (!answered()) handler_->on_body(bytes);
}

void InboundConnection::on_message_end() {
  if (serving()) reading_ = Reading::whole;
  read_timeout_.cancel();
  if (!answered()) handler_->on_body_end();
}

// The request cannot be read any further: answered by its handler if it has one, else here.
void InboundConnection::refuse(const Error& error) {
  if (fault_of(error.code) == Fault::caller) ++all_.malformed_total_;
  close_after_ = true;
  read_timeout_.cancel();
  if (serving() && (handler_ || writing_ != Writing::nothing)) {
    if (!answered() && handler_) handler_->on_request_broken(error);
    if (answered()) after_exchange();
    return;
  }
  begin_serving();
  Fields fields;
  std::string body;
  all_.service_.render_error(parser_.request_head(), error, fields, body);
  answer(http_status(error.code), fields, body);
  after_exchange();
}

void InboundConnection::pause_body() {
  if (reading_ != Reading::body) return;
  reading_ = Reading::paused;
  read_timeout_.cancel();
  read_stream(false);
}

void InboundConnection::resume_body() {
  if (reading_ != Reading::paused) return;
  reading_ = Reading::body;
  body_window_bytes_ = 0;
  body_window_began_ms_ = loop().now_ms();
  watch_body();
  read_stream(true);
}

// (Re)arms the body's idle timer, and checks the body's minimum rate over each window.
void InboundConnection::watch_body() {
  if (all_.options_.body_idle_ms == 0) return;
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
  switch (reading_) {
    case Reading::fresh:
    case Reading::waiting:
      return close_gently();
    case Reading::stalled:
      return go_on();
    case Reading::head:
      return refuse({ErrorCode::request_timeout,
                     "the request head did not arrive within " + std::to_string(all_.options_.head_ms) + " ms"});
    case Reading::body:
    case Reading::paused:
    case Reading::whole:
      return refuse({ErrorCode::request_timeout,
                     "the request body stalled: fewer than " + std::to_string(all_.options_.body_bytes_per_s) +
                         " bytes/s or nothing for " + std::to_string(all_.options_.body_idle_ms) + " ms"});
    case Reading::closing:
      return leave();
    case Reading::gone:
      return;
  }
}

// --- writing ---

void InboundConnection::send_head_lines(int status, std::string_view field_lines, Length length,
                                        std::string_view reason) {
  if (alone_) return;
  assert(writing_ == Writing::nothing);
  const RequestHead& request = parser_.request_head();
  const bool no_body = request.method == Method::head || status == 204 || status == 304;
  framing_ = no_body ? Framing::no_body : Framing::by_length;
  const bool old = request.minor_version == 0;
  head_.clear();
  HeadBlock::lend(head_);
  head_.reserve(field_lines.size() + reason.size() + 128);
  write_status_line(head_, status, reason);
  head_ += field_lines;
  if (length.bytes < Length::unsaid) {
    if (status != 204) write_field(head_, "content-length", length.bytes);
  } else if (length.bytes == Length::unknown && status != 204 && status != 304) {
    if (!no_body) framing_ = old ? Framing::by_close : Framing::by_chunks;
    if (old) {
      close_after_ = close_after_ || !no_body;
    } else {
      write_field(head_, "transfer-encoding", "chunked");
    }
  }
  // Answered before the body was read: the rest of it must never be read as the next request.
  const bool body_unread = request.framing != BodyFraming::none && reading_ != Reading::whole;
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
  writing_ = Writing::head_waits;
}

bool InboundConnection::recall_head() {
  if (writing_ != Writing::head_waits) return false;
  writing_ = Writing::nothing;
  return true;
}

void InboundConnection::flush_head() {
  if (!alone_ && writing_ == Writing::head_waits) write({});
}

void InboundConnection::send_body(std::span<const std::string_view> pieces, bool last) {
  if (alone_) return;
  assert(writing_ == Writing::head_waits || writing_ == Writing::body);
  size_t size = 0;
  for (const std::string_view piece : pieces) size += piece.size();
  std::vector<std::string_view>& out = all_.pieces_;
  out.clear();
  const ChunkLine line(size);
  const bool chunked = framing_ == Framing::by_chunks;
  if (size > 0 && framing_ != Framing::no_body) {
    if (chunked) out.push_back(line.view());
    out.insert(out.end(), pieces.begin(), pieces.end());
    if (chunked) out.push_back("\r\n");
  }
  if (last && chunked) out.push_back(last_chunk);
  if (!out.empty() || writing_ == Writing::head_waits) write(out);
  if (last && chunked) framing_ = Framing::told;
}

// One system call for the head, if it is still waiting, and the pieces.
void InboundConnection::write(std::span<const std::string_view> pieces) {
  const auto count = [this](std::string_view piece) {
    bytes_out_ += piece.size();
    written_bytes_ += piece.size();
  };
  if (writing_ == Writing::head_waits) {
    writing_ = Writing::body;
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
    HeadBlock::take_back(head_);
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
               "the caller read nothing of the answer for " + std::to_string(all_.options_.write_stall_ms) + " ms"});
}

void InboundConnection::on_drained() {
  guarded([this] {
    if (reading_ == Reading::stalled) return go_on();
    if (serving() && handler_ && !answered()) handler_->on_drained();
  });
}

void InboundConnection::finish() {
  if (answered()) return;
  if (alone_) return leave();
  assert(head_sent());
  if (framing_ == Framing::by_chunks) {
    write(std::array<std::string_view, 1>{last_chunk});
  } else {
    flush_head();
  }
  writing_ = Writing::done;
  if (!in_parser_) after_exchange();
}

void InboundConnection::abort() {
  if (answered()) return;
  if (alone_) return leave();
  flush_head();
  close_after_ = true;
  writing_ = !head_sent() ? Writing::dropped : framing_ == Framing::by_close ? Writing::cut : Writing::done;
  if (!in_parser_) after_exchange();
}

// The answer has been sent: continue with the next request, or close.
void InboundConnection::after_exchange() {
  if (!serving()) return;
  drop_handler();
  if (writing_ == Writing::cut) return close_cut();
  if (close_after_ || all_.draining_ || reading_ != Reading::whole) return close_gently();
  parser_.next_message();
  reading_ = Reading::waiting;
  loop().timers().arm(read_timeout_, all_.options_.keep_alive_ms);
  take_held();
}

}  // namespace sluice::http
