// Fits a request and the history of its conversation to a target of another dialect than the caller's.
#pragma once

#include "api/dropped.h"
#include "api/request.h"
#include "api/target_facts.h"
#include "base/result.h"

namespace sluice::api {

// Removes from the request what only its own dialect knows (leave_behind, forget_unsigned), and adapts its history:
// - Each call gets a unique id, and its results follow it (link_calls).
// - What a provider's own tools did (Part::is_hosted) becomes text of the assistant's with a mark, where it is plain
//   text; the rest is left out: the answer's text says what came of it.
// - The assistant's media become the user's, where the target takes none from the assistant.
// - A call without a result gets one that says so, and a result without its call becomes text of the user's, where the
//   target rejects them otherwise.
// - A choice of tools names none that only its own dialect has.
// All of this is recorded in `dropped`, which from here on has the caller's indexes. untranslatable: from leave_behind.
Result<void> fit_to(const TargetFacts& facts, Request& request, Dropped& dropped);

}  // namespace sluice::api
