// A request of this dialect's own caller for a target of the same: what it came as.
#pragma once

#include <string>

#include "api/dropped.h"
#include "api/request.h"
#include "api/target_facts.h"

namespace sluice::api::anthropic {

// Appends the body, its members in their order and as they were spelled, but for the model. What an answer of another
// provider left in the conversation (wrapped thinking, citations without their index) is taken out and named.
void write_own(const Request& request, const TargetFacts& facts, Dropped& dropped, std::string& out);

}  // namespace sluice::api::anthropic
