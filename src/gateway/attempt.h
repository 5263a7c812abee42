// One try at one target: gets a connection, sends the request, enforces the timeouts and reports what comes back. It
// knows nothing of the caller.
//
//   connecting --connection--> sending/awaiting --head--> reading --end--> done
//        any --timeout, broken--> failed (reported once)
// It starts over at most twice: on another connection, if a kept one was closed before the request reached the target,
// and at another path, if the target redirects within its own origin.
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

// Receives an answer after its head. The attempt must not be destroyed inside a call of this interface or of
// AttemptEvents; hand it to Loop::dispose.
class AnswerTaker {
 public:
  // `bytes` are valid until the following on_answer_turn.
  virtual void on_answer_body(std::string_view bytes) = 0;
  virtual void on_answer_end() = 0;
  // Everything from one read of the target has been passed on. False: reading pauses until Attempt::resume().
  virtual bool on_answer_turn() = 0;
  // What the last turn means for how long the attempt waits for the next bytes.
  enum class Progress : unsigned char {
    goes_on,
    quiet,   // only comments, blank lines or pings came: the idle timeout keeps running
    has_all  // the content is complete although the framing has not ended: it waits only briefly for the end
  };
  virtual Progress progress() { return Progress::goes_on; }

 protected:
  ~AnswerTaker() = default;
};

// The other events of an attempt.
class AttemptEvents {
 public:
  // The answer begins; the returned taker receives the rest of it.
  virtual AnswerTaker& on_answer_head(http::ResponseHead& head) = 0;
  // The last event.
  virtual void on_attempt_failed(const Error& error) = 0;
  // send_more() may be called again.
  virtual void on_target_ready() = 0;
  // The request is sent once more; for counting.
  virtual void on_sent_again() = 0;

 protected:
  ~AttemptEvents() = default;
};

// The request as it is sent. The views must stay valid until on_answer_head or the attempt's end: until then the
// request may have to be sent again.
struct OutgoingRequest {
  std::string head;
  std::vector<std::string_view> body;
  bool more_follows = false;   // the body is still arriving: send_more() brings the rest
  bool is_head = false;        // method HEAD
  bool wants_stream = false;   // which of the provider's timeouts apply
  bool may_take_long = false;  // so may its answer: only the idle timeout applies
  bool awaits_output = false;  // the first-byte timeout runs until note_output()
  uint64_t ready_ns = 0;       // Loop::now_ns() when it was made
};

class Attempt final : public Recycled<Attempt>, http::AnswerEvents {
 public:
  // All references and the answer's taker must outlive the attempt.
  Attempt(net::Loop& loop, ProviderLink& link, const routing::Target& target, AttemptEvents& events);
  ~Attempt();  // cancels

  void start(OutgoingRequest request);
  // More of a body whose more_follows was set; `last` ends it. These bytes are not kept, so they cannot be sent again.
  void send_more(std::span<const std::string_view> pieces, bool last);
  // Too much of the request is still unsent: wait for on_target_ready.
  bool congested() const;
  void resume();
  // The answer has produced output: from now on only the idle timeout applies.
  void note_output() { body_begun_ = true; }
  // Limits the rest of the answer; if it is longer, the attempt fails with caller_gone.
  void read_at_most(uint64_t bytes) { most_bytes_in_ = bytes_in() + bytes; }
  // No event follows. The connection is closed unless the answer was whole.
  void cancel();

  bool answer_begun() const { return answer_begun_; }
  // The whole request has been sent. Once the answer has begun, its bytes are no longer needed.
  bool request_sent() const;
  // Frees the memory of the request. Only once the answer has begun: until then it may have to be sent again.
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
  AnswerTaker* taker_ = nullptr;  // set once the answer's head has arrived
  OutgoingRequest request_;
  std::unique_ptr<http::OutboundPool::Pending> pending_;
  std::unique_ptr<http::OutboundConnection> connection_;
  std::unique_ptr<Error> refused_;      // the pool's refusal, to be reported in a later turn
  std::unique_ptr<Redirect> redirect_;  // set if the current answer is a redirection; acted on at the turn's end
  net::Timeout timeout_;
  uint64_t bytes_in_ = 0, bytes_out_ = 0;
  uint64_t most_bytes_in_ = UINT64_MAX;
  uint64_t sent_ns_ = 0;  // when its first byte was written to connection_
  bool head_sent_ = false;
  size_t next_piece_ = 0;    // of request_.body
  size_t piece_offset_ = 0;  // bytes of that piece already sent
  Phase phase_ = Phase::connecting;
  bool reused_ = false;
  bool replaced_ = false;
  bool followed_ = false;  // a redirection was followed
  bool answer_begun_ = false;
  bool body_begun_ = false;
  bool idle_runs_ = false;    // the idle timeout was started
  bool streamed_on_ = false;  // send_more was used: the request cannot be sent again
  bool paused_ = false;
  bool stream_answer_ = false;
};

}  // namespace sluice::gateway
