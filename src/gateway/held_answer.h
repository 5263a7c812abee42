// An answer that may be for us alone: a refusal of `stream_options`, which only we have asked for, or "not here" from
// one of several who were asked where something is. It is kept until that is clear; what else it is, is for the caller.
#pragma once

#include <string>
#include <string_view>

#include "gateway/attempt.h"
#include "http/message.h"

namespace sluice::gateway {

class HeldAnswerEvents {
 public:
  // It is for us.
  virtual void on_answer_kept() = 0;
  // It is for the caller: returns who takes what has come of it and what still comes, and outlives the held answer.
  virtual AnswerTaker& on_answer_let_go() = 0;

 protected:
  ~HeldAnswerEvents() = default;
};

class HeldAnswer final : public AnswerTaker {
 public:
  static bool may_refuse(int status) { return status == 400 || status == 422; }
  static bool is_not_here(int status) { return status == 400 || status == 404 || status == 405 || status == 501; }

  // `not_here`: that is what it says. `events` must outlive it; it must not be destroyed inside one of them.
  HeldAnswer(const http::ResponseHead& head, bool not_here, HeldAnswerEvents& events)
      : head_(head), events_(events), not_here_(not_here) {}
  void on_answer_body(std::string_view bytes) override;
  void on_answer_end() override;
  bool on_answer_turn() override;

  http::ResponseHead& head() { return head_; }

 private:
  http::ResponseHead head_;
  HeldAnswerEvents& events_;
  AnswerTaker* taker_ = nullptr;  // null: it is held
  std::string body_;
  const bool not_here_;
  bool ended_ = false;
};

}  // namespace sluice::gateway
