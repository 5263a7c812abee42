// Writes a request from a caller of this dialect for a target of the same dialect.
#pragma once

#include <string>

#include "api/dropped.h"
#include "api/request.h"
#include "api/target_facts.h"

namespace sluice::api::anthropic {

// Appends the body with its members in the caller's order and spelling, except for the model. What another provider's
// answer left in the conversation (wrapped thinking, citations without their index) is removed and reported as dropped.
void write_own(const Request& request, const TargetFacts& facts, Dropped& dropped, std::string& out);

}  // namespace sluice::api::anthropic
