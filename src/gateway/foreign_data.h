// Opaque data of another origin in a conversation that goes to a target of the caller's own dialect: what sluice
// wrapped when another provider answered an earlier turn (api/provenance). The target would refuse it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gateway/question.h"
#include "routing/router.h"

namespace sluice::gateway {

// The body without it, read and written by its dialect; what comes from this target is unwrapped. nullopt: there is
// none, or the body is not what its dialect says, which the target may judge. `ask_usage`: as of edits_for(). `dropped`
// is told what was left out, as of `sluice-dropped`.
std::optional<std::string> without_foreign_data(const Question& question, std::string_view body,
                                                const routing::Target& target, bool ask_usage, std::string& dropped);

}  // namespace sluice::gateway
