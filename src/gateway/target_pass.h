// What one attempt has taken of the rate limits of its target's provider. Whose turn it is to take it, and how that is
// waited for, is the exchange's affair (caller_pass.h).
#pragma once

#include <cstdint>
#include <optional>

#include "base/recycled.h"
#include "gateway/limit_queue.h"
#include "policy/hold.h"
#include "routing/router.h"

namespace sluice::gateway {

class TargetPass final : public Recycled<TargetPass> {
 public:
  // `queue` must outlive the pass.
  TargetPass(LimitQueue& queue, const routing::Target& target) : queue_(queue) {
    hold_.be_under(nullptr, queue.limiter().of(target.provider), nullptr);
  }
  // nullptr: the provider is not limited.
  policy::Limit* limit() const { return hold_.limit(LimitSubject::provider); }
  // One request of about `tokens`, or why not.
  std::optional<policy::LimitRefusal> take(uint64_t tokens, uint64_t now_ns) {
    return hold_.under_any() ? hold_.take(tokens, now_ns) : std::nullopt;
  }
  // The attempt is over: what it took is settled with the tokens it `used`. May be called always.
  void leave(uint64_t used, uint64_t now_ns) {
    if (!hold_.taken()) return;
    hold_.give_back(used, now_ns);
    queue_.freed();
  }

 private:
  LimitQueue& queue_;
  policy::Hold hold_;
};

}  // namespace sluice::gateway
