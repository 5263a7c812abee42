#include "gateway/commit_gate.h"

#include <utility>

#include "base/give_back.h"
#include "gateway/quoted_secrets.h"
#include "gateway/relay.h"

namespace sluice::gateway {

void CommitGate::hold(const Relay& relay) { relay_ = &relay; }

void CommitGate::drop() {
  relay_ = nullptr;
  held_ = {};
}

bool CommitGate::holds_too_much() const {
  return held_.body.size() > (relay_->streaming() ? max_held_opening_bytes : max_held_bytes);
}

// Whether what is held, with this turn's bytes, can be sent as the exchange's answer. A reported failure is left to the
// course, once all of it has arrived; so is a plain answer if the caller already has a stream's head.
bool CommitGate::is_due(bool last) const {
  const bool streams = relay_->streaming();
  if (begun_by_beat_ && !streams) return false;
  if (relay_->failed()) return holds_too_much() && !streams;
  if (last || holds_too_much()) return true;
  return streams ? relay_->output_begun() : !relay_->is_read();
}

void CommitGate::commit() {
  if (relay_ == nullptr) return;
  relay_ = nullptr;
  events_.on_commit();
  send_held_head();
  if (!held_.body.empty()) {
    const std::string_view piece = held_.body;
    out_->send_body(std::span<const std::string_view>(&piece, 1), false);
  }
  give_back(held_.body);
}

bool CommitGate::restate(int status, const QuotedSecrets& secrets) {
  held_.status = status;
  held_.lines_and_reason.resize(held_.lines);
  if (!secrets.stand_in(held_.body)) return false;
  held_.body = QuotedSecrets(secrets).pass(held_.body, true);  // of the same length, which the head tells
  return true;
}

// If beat() has sent the head of a stream in the caller's dialect, that head serves for this answer too.
void CommitGate::send_held_head() {
  if (!held_.has_head) return;
  held_.has_head = false;
  if (!std::exchange(begun_by_beat_, false)) {
    const std::string_view text = held_.lines_and_reason;
    out_->send_head_lines(held_.status, text.substr(0, held_.lines), held_.length, text.substr(held_.lines));
  }
  give_back(held_.lines_and_reason);
}

void CommitGate::beat(std::string_view head_lines, std::string_view beat) {
  if (!out_->head_sent()) {
    constexpr int ok = 200;
    out_->send_head_lines(ok, head_lines, {}, {});
    begun_by_beat_ = true;
  }
  out_->send_body(std::span<const std::string_view>(&beat, 1), false);
}

void CommitGate::send_head_lines(int status, std::string_view field_lines, Length length, std::string_view reason) {
  if (relay_ == nullptr) return out_->send_head_lines(status, field_lines, length, reason);
  held_.status = status;
  held_.length = length;
  held_.lines = field_lines.size();
  held_.lines_and_reason.reserve(field_lines.size() + reason.size());
  (held_.lines_and_reason = field_lines) += reason;
  held_.has_head = true;
}

void CommitGate::flush_head() {
  if (relay_ == nullptr) out_->flush_head();
}

void CommitGate::send_body(std::span<const std::string_view> pieces, bool last) {
  if (relay_ == nullptr) [[likely]]
    return out_->send_body(pieces, last);
  hold_body(pieces, last);
}

void CommitGate::hold_body(std::span<const std::string_view> pieces, bool last) {
  if (is_due(last)) {
    commit();
    return out_->send_body(pieces, last);
  }
  if (begun_by_beat_ && holds_too_much()) return;  // will never be sent
  for (const std::string_view piece : pieces) held_.body += piece;
  if (is_due(last)) commit();
}

bool CommitGate::recall_head() {
  if (relay_ == nullptr) return out_->recall_head();
  held_ = {};
  return !begun_by_beat_;
}

}  // namespace sluice::gateway
