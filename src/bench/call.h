// One request and its answer, on a connection of the pool: an idle one, or a new one. If an idle one turns out to be
// closed before a byte of the answer has come, it is replaced once; that is no failure.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "http/outbound_pool.h"
#include "net/loop.h"

namespace sluice::bench {

// Each call ends in on_call_end or on_call_failed, once; the next may be started in either. Neither may destroy the
// Call.
class CallEvents {
 public:
  virtual void on_call_sent() {}  // it has a connection
  virtual void on_call_head(const http::ResponseHead& head) = 0;
  virtual void on_call_body(std::string_view bytes) = 0;  // valid until return
  virtual void on_call_end() = 0;
  virtual void on_call_failed(const Error& error) = 0;

 protected:
  ~CallEvents() = default;
};

class Call final : http::AnswerEvents {
 public:
  // All must outlive it.
  Call(net::Loop& loop, http::OutboundPool& pool, CallEvents& events);
  ~Call() { cancel(); }

  // `request`: head and body, which must stay until the end. `timeout_ms`: until the answer is whole.
  void start(std::string_view request, uint32_t timeout_ms);
  // Ends it without a word.
  void cancel();
  uint64_t sent_ns() const { return sent_ns_; }    // when the request was handed to its connection
  uint64_t bytes_in() const { return bytes_in_; }  // of the call that ended, heads and framing included

 private:
  void connect();
  void send(std::unique_ptr<http::OutboundConnection> connection, bool reused);
  void give_back();
  void fail(const Error& error);
  void on_timeout();

  void on_answer_head(http::ResponseHead& head) override { events_.on_call_head(head); }
  void on_answer_body(std::string_view bytes) override { events_.on_call_body(bytes); }
  void on_answer_end() override { ended_ = true; }
  void on_turn() override;
  void on_target_broken(const Error& error) override;
  void on_target_drained() override {}

  net::Loop& loop_;
  http::OutboundPool& pool_;
  CallEvents& events_;
  net::Timeout timeout_;
  std::unique_ptr<http::OutboundPool::Pending> pending_;
  std::unique_ptr<http::OutboundConnection> connection_;
  std::string_view request_;
  uint32_t timeout_ms_ = 0;
  uint64_t sent_ns_ = 0;
  uint64_t bytes_in_ = 0;
  bool reused_ = false;
  bool ended_ = false;
};

}  // namespace sluice::bench
