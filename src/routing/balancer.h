// The order in which a route's targets are asked: by chance and weight, as listed, by load, by speed, or by affinity.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "routing/plan.h"
#include "routing/target_health.h"

namespace sluice::routing {

// One target of a route.
struct Candidate {
  const config::TargetRef* ref = nullptr;  // `ref` and `provider` belong to the configuration
  const config::Provider* provider = nullptr;
  TargetHealth* health = nullptr;
  ModelFit fit{};
};

// A random sort key from `bits`, which must differ for each candidate: in ascending order of their keys, candidates
// come first in proportion to their weights. Weight 0 comes last.
double drawn(uint64_t bits, uint32_t weight);
uint64_t affine_hash(std::string_view text);

// Sorts `candidates`, given as listed, into the order in which they are to be asked; returns the reason (a literal). A
// non-empty `affinity` overrides `order`: the same text gives the same order in every process, and when a candidate is
// added or removed, only the requests that belong to it move.
std::string_view put_in_order(std::vector<Candidate>& candidates, config::Order order, std::string_view affinity,
                              uint64_t now_ms, uint64_t chance);

}  // namespace sluice::routing
