#include "routing/retry.h"

namespace sluice::routing {

// To be filled.
Verdict judge(const Outcome& outcome, uint32_t tries_at_target, const config::Retry& retry, uint64_t chance) {
  (void)tries_at_target, (void)retry, (void)chance;
  if (outcome.begun) return {};
  return fault_of(outcome.code) == Fault::target ? Verdict{Next::move_on, 0, Blame::target} : Verdict{};
}

}  // namespace sluice::routing
