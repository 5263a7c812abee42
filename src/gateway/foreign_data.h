// Opaque data of another origin in a conversation that goes to a target of the caller's dialect: data that sluice
// wrapped when another provider answered an earlier turn (api/provenance). The target would reject it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gateway/question.h"
#include "routing/router.h"

namespace sluice::gateway {

// The body without it, read and rewritten by its dialect; data from this target is unwrapped. nullopt: there is none,
// or the body is not valid in its dialect, which is left to the target to report. `ask_usage`: see edits_for().
// `foreign.dropped`: set to what was left out, in the form of `sluice-dropped`.
std::optional<std::string> without_foreign_data(const Question& question, std::string_view body,
                                                const routing::Target& target, bool ask_usage, const Foreign& foreign);

}  // namespace sluice::gateway
