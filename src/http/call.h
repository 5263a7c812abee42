// One request of sluice's own and its answer, on a pooled connection, idle or new. If an idle connection turns out to
// be closed before a byte of the answer has arrived, it is replaced once and no failure is reported.
//
//   idle --start--> connecting ---> awaiting ---head---> reading ---its end---> idle, on_call_end
//                      |               |                    |
//                      +---------------+--------------------+--- broken, too large, out of time: idle, on_call_failed
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "http/outbound_pool.h"
#include "net/loop.h"

namespace sluice::http {

// Each call ends once, in on_call_end or on_call_failed; the next call may be started inside either. Neither may
// destroy the Call.
class CallEvents {
 public:
  virtual void on_call_sent() {}  // it has a connection
  virtual void on_call_head(const ResponseHead& head) = 0;
  virtual void on_call_body(std::string_view bytes) = 0;  // valid until return
  virtual void on_call_end() = 0;
  virtual void on_call_failed(const Error& error) = 0;

 protected:
  ~CallEvents() = default;
};

struct CallBounds {
  uint32_t connect_ms = 0;   // name, TCP and TLS; 0 in any of these: no limit
  uint32_t response_ms = 0;  // from the request to the head of its answer
  uint32_t whole_ms = 0;     // from start() to the answer's last byte
  uint64_t body_bytes = UINT64_MAX;
  bool head_is_all = false;  // do not wait for anything after the head
};

class Call final : AnswerEvents {
 public:
  // All must outlive it.
  Call(net::Loop& loop, OutboundPool& pool, CallEvents& events);
  ~Call() { cancel(); }

  // `request`: head and body; must stay valid until the call ends.
  void start(std::string_view request, const CallBounds& bounds);
  // Ends the call; no event follows.
  void cancel();
  uint64_t sent_ns() const { return sent_ns_; }    // when the request was handed to its connection
  uint64_t bytes_in() const { return bytes_in_; }  // of the last call, heads and framing included

 private:
  void connect();
  void send(std::unique_ptr<OutboundConnection> connection, bool reused);
  void give_back();
  void fail(const Error& error);
  void on_timeout(uint32_t after_ms);

  void on_answer_head(ResponseHead& head) override;
  void on_answer_body(std::string_view bytes) override;
  void on_answer_end() override { ended_ = true; }
  void on_turn() override;
  void on_target_broken(const Error& error) override;
  void on_target_drained() override {}

  net::Loop& loop_;
  OutboundPool& pool_;
  CallEvents& events_;
  net::Timeout stage_timeout_, whole_timeout_;
  std::unique_ptr<OutboundPool::Pending> pending_;
  std::unique_ptr<OutboundConnection> connection_;
  std::string_view request_;
  CallBounds bounds_;
  uint64_t sent_ns_ = 0;
  uint64_t bytes_in_ = 0;
  uint64_t body_bytes_ = 0;
  bool reused_ = false;
  bool ended_ = false;
};

}  // namespace sluice::http
