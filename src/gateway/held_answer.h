// An answer that may be a refusal of `stream_options`, which only we have asked for: kept until that is clear. What a
// target says of it is for us; what else it finds wrong is for the caller.
#pragma once

#include <string>
#include <string_view>

#include "gateway/attempt.h"
#include "http/message.h"

namespace sluice::gateway {

class HeldAnswerEvents {
 public:
  // It is such a refusal.
  virtual void on_usage_refused() = 0;
  // It is for the caller: returns who takes what has come of it and what still comes, and outlives the held answer.
  virtual AnswerTaker& on_answer_let_go() = 0;

 protected:
  ~HeldAnswerEvents() = default;
};

class HeldAnswer final : public AnswerTaker {
 public:
  static bool may_refuse(int status) { return status == 400 || status == 422; }

  // `events` must outlive it; it must not be destroyed inside one of them.
  HeldAnswer(const http::ResponseHead& head, HeldAnswerEvents& events) : head_(head), events_(events) {}
  void on_answer_body(std::string_view bytes) override;
  void on_answer_end() override;
  bool on_answer_turn() override;

  http::ResponseHead& head() { return head_; }

 private:
  http::ResponseHead head_;
  HeldAnswerEvents& events_;
  AnswerTaker* taker_ = nullptr;  // null: it is held
  std::string body_;
  bool ended_ = false;
};

}  // namespace sluice::gateway
