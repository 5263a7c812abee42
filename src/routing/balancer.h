// In which order equals are asked: by chance and weight, as they are listed, by what they have under way, by how fast
// they answer, or so that what belongs together goes to the same one.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "routing/plan.h"
#include "routing/target_health.h"

namespace sluice::routing {

// One of them.
struct Candidate {
  const config::TargetRef* ref = nullptr;  // of the configuration, as the provider
  const config::Provider* provider = nullptr;
  TargetHealth* health = nullptr;
  ModelFit fit{};
};

// Of those drawn so, each with `bits` of its own, the least comes first as often as its weight says, and of the rest
// again the least; a weight of 0 comes last.
double drawn(uint64_t bits, uint32_t weight);
uint64_t affine_hash(std::string_view text);

// Puts `candidates`, which stand as they are listed, into the order in which they are to be asked, and says why (a
// literal). Affinity (where it is not "") goes before every order: the same one for the same `affinity`, whoever
// works that out; where a candidate comes or goes, only what belongs to it moves.
std::string_view put_in_order(std::vector<Candidate>& candidates, config::Order order, std::string_view affinity,
                              uint64_t now_ms, uint64_t chance);

}  // namespace sluice::routing
