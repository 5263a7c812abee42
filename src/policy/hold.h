// What one exchange has taken of the limits it is under: of its key, its provider and its model, all or nothing.
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

  // Takes one request of about `tokens` of each of them, or of none: then says which refused it. What is taken of the
  // first ones while a later one refuses is given back at once; another thread may find it missing for that moment, and
  // so be refused too soon, but never let in too soon.
  std::optional<LimitRefusal> take(uint64_t tokens, uint64_t now_ns);
  bool taken() const { return taken_; }
  // As if take() had not been. Only what is held.
  void undo(uint64_t now_ns);
  // Gives all back: `used` instead of the tokens that were estimated. Does nothing if nothing is held.
  void give_back(uint64_t used, uint64_t now_ns);

 private:
  std::array<Limit*, 3> limits_{};  // by LimitSubject
  std::array<Bucket*, 3> buckets_{};
  uint64_t tokens_ = 0;
  bool taken_ = false;
};

}  // namespace sluice::policy
