// The request for a target that is to go on with an answer that broke off elsewhere (splice.h takes what it says).
#pragma once

#include "api/delivered.h"
#include "api/request.h"
#include "api/target_facts.h"

namespace sluice::api {

enum class GoingOn : unsigned char {
  by_prefix,  // the request ends with what was delivered, as the assistant's message
  by_asking   // and behind it, the user asks for the rest
};

// Whether it is known of the target that it goes on with an assistant's message, and nothing in the request keeps it
// from that.
bool continues_prefix(const Request& request, const TargetFacts& target);

// Makes of the caller's request one for the rest of its answer, whose text may be at most as much shorter as what was
// delivered, by an estimate. White space at the end of it is left out, as some take none there. False: no text was
// delivered, and nothing has been changed.
bool ask_for_rest(Request& request, const Delivered& delivered, GoingOn how);

}  // namespace sluice::api
