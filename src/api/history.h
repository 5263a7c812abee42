// A request, and the history of its conversation, as targets of other dialects than the caller's take it.
#pragma once

#include "api/dropped.h"
#include "api/request.h"
#include "api/target_facts.h"
#include "base/result.h"

namespace sluice::api {

// Takes out of the request what only its own dialect knows (leave_behind, forget_unsigned), and puts its history right:
// - Each call has an id of its own, and its results stand behind it (link_calls).
// - What a provider's own tools did (Part::is_hosted) is left out: the answer's words say what came of it.
// - Pictures and other media of the assistant's become the user's, where the target takes none from the assistant.
// - A call without a result gets one that says so, where the target refuses it without.
// All of it is named in `dropped`. untranslatable: by leave_behind.
Result<void> fit_to(const TargetFacts& facts, Request& request, Dropped& dropped);

}  // namespace sluice::api
