// A connection to a target: sends one request at a time and reads its answer. Its user owns it: an attempt during an
// exchange, the pool while it is idle. States of the answer:
//
//   none --begin--> awaited --first byte--> begun --its end--> whole --begin--> awaited
//
// Whether the stream is being read, and whether the connection may be reused, are separate.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "http/parser.h"
#include "net/loop.h"
#include "net/stream.h"

namespace sluice::http {

// Events of an answer, in order: head, body pieces, end; on_turn closes each batch. None of them may destroy the
// connection except by Loop::dispose.
class AnswerEvents {
 public:
  virtual void on_answer_head(ResponseHead& head) = 0;
  // `bytes` is valid until the next on_turn; net::read_padding_bytes after it are readable.
  virtual void on_answer_body(std::string_view bytes) = 0;
  virtual void on_answer_end() = 0;
  // Everything that one read brought has been delivered. The last event of a turn: the connection may now be given back
  // to the pool or disposed of.
  virtual void on_turn() = 0;
  // The connection broke, or the input is not HTTP. No event follows. `error.code` is target_broke or target_cut, or
  // the stream's.
  virtual void on_target_broken(const Error& error) = 0;
  // The stream's backlog is low enough for more of the request to be sent.
  virtual void on_target_drained() = 0;

 protected:
  ~AnswerEvents() = default;
};

class OutboundConnection final : net::StreamEvents, ParserEvents {
 public:
  OutboundConnection(std::unique_ptr<net::Stream> stream, const ParserLimits& limits);
  ~OutboundConnection();

  // Begins an exchange; `events` must outlive it or call release(). `head_request`: the answer has no body.
  void begin(AnswerEvents& events, bool head_request);
  // No more events.
  void release();
  void send(std::span<const std::string_view> pieces) { stream_->write(pieces); }
  size_t pending_bytes() const { return stream_->pending_bytes(); }
  void pause();
  void resume();
  // Must not be reused: something was left unfinished on it.
  void spoil() { dead_ = true; }
  // It has carried an exchange before.
  bool used() const { return answer_begun(); }
  uint32_t round_trip_us() const { return stream_->round_trip_us(); }
  // At least one byte of the answer has arrived.
  bool answer_begun() const { return answer_ >= Answer::begun; }
  // After the answer's end, in or after on_turn: nothing is left over and the target keeps the connection open.
  bool reusable() const;
  uint64_t bytes_in() const { return bytes_in_; }  // since begin()

 private:
  friend class OutboundPool;
  enum class Answer : unsigned char { none, awaited, begun, whole };

  void on_read(std::string_view bytes) override;
  void on_end() override;
  void on_broken(const Error& error) override;
  void on_drained() override;
  Result<void> on_head() override;
  void on_body(std::string_view bytes) override;
  void on_message_end() override;
  template <typename Work>
  void guarded(Work work);
  [[gnu::cold]] void run_out();
  void take(std::string_view bytes);
  void ended();
  [[gnu::cold]] void tell_broken(const Error& error);

  std::unique_ptr<net::Stream> stream_;
  Parser parser_;
  AnswerEvents* events_ = nullptr;
  // While idle: the pool to notify of any event, since any event makes the connection useless.
  class OutboundPool* idle_in_ = nullptr;
  OutboundConnection* newer_ = nullptr;  // neighbours in the pool's idle list
  OutboundConnection* older_ = nullptr;
  net::Timeout idle_timeout_;
  uint64_t bytes_in_ = 0;
  Answer answer_ = Answer::none;
  bool reading_ = false;
  bool dead_ = false;  // broken, ended, or surplus bytes arrived
};

}  // namespace sluice::http
