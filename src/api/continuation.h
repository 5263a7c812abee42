// The request that asks a target to continue an answer that broke off elsewhere (splice.h takes its answer).
#pragma once

#include "api/delivered.h"
#include "api/request.h"
#include "api/target_facts.h"

namespace sluice::api {

enum class GoingOn : unsigned char {
  by_prefix,  // the request ends with what was delivered, as the assistant's message
  by_asking   // the same, and then the user asks for the rest
};

// Whether the target is known to continue an assistant's message and nothing in the request prevents that.
bool continues_prefix(const Request& request, const TargetFacts& target);

// Turns the caller's request into one for the rest of its answer. Its limit on output tokens is reduced by an estimate
// of what was delivered. White space at the end of that text is left out, as some targets reject it there. False: no
// text was delivered, and nothing has been changed.
bool ask_for_rest(Request& request, const Delivered& delivered, GoingOn how);

}  // namespace sluice::api
