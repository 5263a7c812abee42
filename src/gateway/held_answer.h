// Holds an answer that may concern only us: a refusal of the `stream_options` that we added, or "not found" from one of
// several providers that are asked where an object is. Once that is clear it is either kept from the caller or passed
// on.
#pragma once

#include <string>
#include <string_view>

#include "gateway/attempt.h"
#include "http/message.h"

namespace sluice::gateway {

class HeldAnswerEvents {
 public:
  // It concerns only us.
  virtual void on_answer_kept() = 0;
  // It is for the caller: returns the taker of what has arrived and of the rest, which must outlive the held answer.
  virtual AnswerTaker& on_answer_let_go() = 0;

 protected:
  ~HeldAnswerEvents() = default;
};

class HeldAnswer final : public AnswerTaker {
 public:
  static bool may_refuse(int status) { return status == 400 || status == 422; }
  static bool is_not_here(int status) { return status == 400 || status == 404 || status == 405 || status == 501; }

  // `not_here`: keep it whatever its body says. `events` must outlive it; it must not be destroyed inside an event.
  HeldAnswer(const http::ResponseHead& head, bool not_here, HeldAnswerEvents& events)
      : head_(head), events_(events), not_here_(not_here) {}
  void on_answer_body(std::string_view bytes) override;
  void on_answer_end() override;
  bool on_answer_turn() override;
  Progress progress() override { return taker_ != nullptr ? taker_->progress() : Progress::goes_on; }

  http::ResponseHead& head() { return head_; }

 private:
  http::ResponseHead head_;
  HeldAnswerEvents& events_;
  AnswerTaker* taker_ = nullptr;  // null: still held
  std::string body_;
  const bool not_here_;
  bool ended_ = false;
};

}  // namespace sluice::gateway
