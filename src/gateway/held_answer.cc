#include "gateway/held_answer.h"

#include "api/target_error.h"
#include "base/give_back.h"

namespace sluice::gateway {

void HeldAnswer::on_answer_body(std::string_view bytes) {
  if (taker_ != nullptr) return taker_->on_answer_body(bytes);
  body_ += bytes;
}

void HeldAnswer::on_answer_end() {
  if (taker_ != nullptr) return taker_->on_answer_end();
  ended_ = true;
}

bool HeldAnswer::on_answer_turn() {
  constexpr size_t max_bytes = 64 * 1024;  // a longer answer cannot be such a refusal
  if (taker_ != nullptr) return taker_->on_answer_turn();
  if (!ended_ && body_.size() <= max_bytes) return true;
  if (not_here_ || api::blames(body_, "stream_options") || api::blames(body_, "include_usage")) {
    give_back(body_);
    events_.on_answer_kept();
    return true;
  }
  taker_ = &events_.on_answer_let_go();
  if (!body_.empty()) taker_->on_answer_body(body_);
  if (ended_) taker_->on_answer_end();
  const bool more = taker_->on_answer_turn();
  give_back(body_);
  return more;
}

}  // namespace sluice::gateway
