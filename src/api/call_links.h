// Arranges tool calls and their results as targets of other dialects require: each call has a unique id, and its
// results follow directly. Some callers use an id twice, in one turn or in several; some put text between the calls and
// their results.
#pragma once

#include "api/dropped.h"
#include "api/request.h"

namespace sluice::api {

// A result belongs to the last turn that has a call of its id, and there to the first call without a result. What is
// moved is reported to `dropped`, as the caller had put it elsewhere.
void link_calls(Request& request, Dropped& dropped);

}  // namespace sluice::api
