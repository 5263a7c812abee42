// What one attempt has taken of the rate limits of its target's provider. Order and waiting are handled by the
// exchange's CallerPass (caller_pass.h).
#pragma once

#include <cstdint>
#include <optional>

#include "base/recycled.h"
#include "config/config.h"
#include "gateway/limit_queue.h"
#include "policy/hold.h"

namespace sluice::gateway {

class TargetPass final : public Recycled<TargetPass> {
 public:
  // `queue` must outlive the pass. `provider`: nullptr: none is asked.
  TargetPass(LimitQueue& queue, const config::Provider* provider) : queue_(queue) {
    hold_.be_under(nullptr, queue.limiter().of(provider), nullptr);
  }
  // nullptr: the provider is not limited.
  policy::Limit* limit() const { return hold_.limit(LimitSubject::provider); }
  // Takes one request of about `tokens`, or returns why not.
  std::optional<policy::LimitRefusal> take(uint64_t tokens, uint64_t now_ns) {
    return hold_.under_any() ? hold_.take(tokens, now_ns) : std::nullopt;
  }
  // The attempt is over: what it took is settled with the tokens it `used`. May always be called.
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
