// What one exchange has taken of the limits that apply to it: of its key, its provider and its model, all or nothing.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "policy/limit.h"

namespace sluice::policy {

class Hold {
 public:
  // Which limits apply; nullptr: none of that kind. They must outlive the hold.
  void be_under(Limit* key, Limit* provider, Limit* model) { limits_ = {key, provider, model}; }
  bool under_any() const { return limits_ != std::array<Limit*, 3>{}; }
  Limit* limit(LimitSubject subject) const { return limits_[static_cast<size_t>(subject)]; }

  // Takes one request of about `tokens` from all of them, or from none and returns the refusal. If a later limit
  // refuses, what was taken from the earlier ones is returned immediately. In between, another thread may be refused
  // too early, but never admitted too early.
  std::optional<LimitRefusal> take(uint64_t tokens, uint64_t now_ns);
  bool taken() const { return taken_; }
  // Reverts take(). Only while something is held.
  void undo(uint64_t now_ns);
  // Ends the hold: charges `used` instead of the estimated tokens. No-op if nothing is held.
  void give_back(uint64_t used, uint64_t now_ns);

 private:
  std::array<Limit*, 3> limits_{};  // by LimitSubject
  std::array<Bucket*, 3> buckets_{};
  uint64_t tokens_ = 0;
  bool taken_ = false;
};

}  // namespace sluice::policy
