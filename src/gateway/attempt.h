// One try at one target: gets a connection, sends the request, watches the clock, and tells what comes back. It knows
// nothing of the caller.
//
//   connecting --connection--> sending/awaiting --head--> reading --end--> done
//        any --timeout, broken--> failed (told once)
// Twice at most it begins anew: on another connection, where a kept one was closed before the request reached the
// target; and at another path, where the target redirects within its own origin.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/give_back.h"
#include "base/recycled.h"
#include "gateway/provider_link.h"
#include "gateway/redirect.h"
#include "http/outbound_pool.h"
#include "net/loop.h"
#include "routing/router.h"

namespace sluice::gateway {

// Who takes an answer behind its head. The attempt must not be destroyed inside one of these, nor of AttemptEvents;
// hand it to Loop::dispose.
class AnswerTaker {
 public:
  // `bytes` live until the on_answer_turn that follows.
  virtual void on_answer_body(std::string_view bytes) = 0;
  virtual void on_answer_end() = 0;
  // All that one read of the target brought has been told. False: no more may come before Attempt::resume().
  virtual bool on_answer_turn() = 0;
  // All that was asked for has come, although the answer's framing has not ended: nobody waits long for that.
  virtual bool has_all() const { return false; }

 protected:
  ~AnswerTaker() = default;
};

// What else an attempt tells.
class AttemptEvents {
 public:
  // The answer begins; who is returned takes the rest of it.
  virtual AnswerTaker& on_answer_head(http::ResponseHead& head) = 0;
  // Nothing follows.
  virtual void on_attempt_failed(const Error& error) = 0;
  // send_more() may be called again.
  virtual void on_target_ready() = 0;
  // The request goes out once more: to be counted.
  virtual void on_sent_again() = 0;

 protected:
  ~AttemptEvents() = default;
};

// The request as it goes out. The views must live until on_answer_head or the attempt's end: until then everything may
// have to be sent again.
struct OutgoingRequest {
  std::string head;
  std::vector<std::string_view> body;
  bool more_follows = false;   // the body is still arriving: send_more() brings the rest
  bool is_head = false;        // method HEAD
  bool wants_stream = false;   // which of the provider's timeouts apply
  bool may_take_long = false;  // so may its answer: only silence is too long
  bool awaits_output = false;  // the clock of its first byte runs until note_output()
  uint64_t ready_ns = 0;       // Loop::now_ns() when it was made
};

class Attempt final : public Recycled<Attempt>, http::AnswerEvents {
 public:
  // All references, and who takes its answer, must outlive the attempt.
  Attempt(net::Loop& loop, ProviderLink& link, const routing::Target& target, AttemptEvents& events);
  ~Attempt();  // cancels

  void start(OutgoingRequest request);
  // More of a body whose more_follows was set; `last` ends it. Such bytes are not kept: they cannot be sent again.
  void send_more(std::span<const std::string_view> pieces, bool last);
  // Too much of the request waits to be taken: wait for on_target_ready.
  bool congested() const;
  void resume();
  // The answer has said something: from now on only silence is too long.
  void note_output() { body_begun_ = true; }
  // Of the answer, from now on: beyond it, the attempt fails with caller_gone.
  void read_at_most(uint64_t bytes) { most_bytes_in_ = bytes_in() + bytes; }
  // No event follows. The connection is closed unless the answer was whole.
  void cancel();

  bool answer_begun() const { return answer_begun_; }
  // The target was given the whole request: its bytes are needed no more once the answer has begun.
  bool request_sent() const;
  // Gives back the memory of its head. Only once the answer has begun: until then it may have to be sent again.
  void forget_request() {
    give_back(request_.head);
    give_back(request_.body);
    next_piece_ = 0;
  }
  uint64_t bytes_in() const { return connection_ ? connection_->bytes_in() : bytes_in_; }
  uint64_t bytes_out() const { return bytes_out_; }

 private:
  enum class Phase : unsigned char { connecting, awaiting, reading, done };

  void on_answer_head(http::ResponseHead& head) override;
  void on_answer_body(std::string_view bytes) override;
  void on_answer_end() override;
  void on_turn() override;
  void on_target_broken(const Error& error) override;
  void on_target_drained() override;

  [[gnu::cold]] void connect();
  [[gnu::cold]] bool close_came_first() const;
  [[gnu::cold]] bool is_redirected(const http::ResponseHead& head);
  [[gnu::cold]] void follow();
  void start_over();
  void begin(std::unique_ptr<http::OutboundConnection> connection, uint64_t now_ns);
  void send();
  [[gnu::cold]] void on_timeout();
  void pause();
  void arm(uint32_t after_ms);
  [[gnu::cold]] void fail(const Error& error);
  [[gnu::cold]] void fail_at_target(ErrorCode code, const std::string& what);

  net::Loop& loop_;
  ProviderLink& link_;
  const routing::Target& target_;
  AttemptEvents& events_;
  AnswerTaker* taker_ = nullptr;  // once its head has come
  OutgoingRequest request_;
  std::unique_ptr<http::OutboundPool::Pending> pending_;
  std::unique_ptr<http::OutboundConnection> connection_;
  std::unique_ptr<Error> refused_;      // the pool's refusal, to be told in a later turn
  std::unique_ptr<Redirect> redirect_;  // what the answer that is being read is; acted on at the turn's end
  net::Timeout timeout_;
  uint64_t bytes_in_ = 0, bytes_out_ = 0;
  uint64_t most_bytes_in_ = UINT64_MAX;
  uint64_t sent_ns_ = 0;  // when its first byte was written to connection_
  bool head_sent_ = false;
  size_t next_piece_ = 0;    // of request_.body
  size_t piece_offset_ = 0;  // already sent of it
  Phase phase_ = Phase::connecting;
  bool reused_ = false;
  bool replaced_ = false;
  bool followed_ = false;  // a redirection
  bool answer_begun_ = false;
  bool body_begun_ = false;
  bool streamed_on_ = false;  // send_more was used: nothing can be sent again
  bool paused_ = false;
  bool stream_answer_ = false;
};

}  // namespace sluice::gateway
