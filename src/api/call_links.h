// Calls of tools and their results as targets of other dialects take them: each call has an id of its own, and its
// results stand right behind it. Some callers use an id twice, in one turn or in several; some let words stand between
// the calls and their results.
#pragma once

#include "api/dropped.h"
#include "api/request.h"

namespace sluice::api {

// A result belongs to the last turn that has a call of its id, there to the first that has none yet. What is moved is
// told to `dropped`: its place is not what the caller said.
void link_calls(Request& request, Dropped& dropped);

}  // namespace sluice::api
