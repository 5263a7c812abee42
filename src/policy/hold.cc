#include "policy/hold.h"

namespace sluice::policy {

std::optional<LimitRefusal> Hold::take(uint64_t tokens, uint64_t now_ns) {
  for (size_t i = 0; i < limits_.size(); ++i) {
    if (limits_[i] == nullptr) continue;
    std::optional<LimitRefusal> refusal = limits_[i]->take(tokens, now_ns, buckets_[i]);
    if (!refusal) continue;
    refusal->subject = static_cast<LimitSubject>(i);
    for (size_t before = i; before-- > 0;) {
      if (limits_[before] != nullptr) limits_[before]->undo(*buckets_[before], tokens, now_ns);
    }
    return refusal;
  }
  tokens_ = tokens;
  taken_ = true;
  return std::nullopt;
}

void Hold::undo(uint64_t now_ns) {
  taken_ = false;
  for (size_t i = 0; i < limits_.size(); ++i) {
    if (limits_[i] != nullptr) limits_[i]->undo(*buckets_[i], tokens_, now_ns);
  }
}

void Hold::give_back(uint64_t used, uint64_t now_ns) {
  if (!taken_) return;
  taken_ = false;
  for (size_t i = 0; i < limits_.size(); ++i) {
    if (limits_[i] != nullptr) limits_[i]->give_back(*buckets_[i], tokens_, used, now_ns);
  }
}

}  // namespace sluice::policy
