// What of a request says that it belongs with others: the text that the same target is wanted for. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "config/config.h"

namespace sluice::routing {

// Where it may stand. The views must outlive the call only.
struct AffinityWords {
  std::string_view key;         // the name of the caller's key; "": it has none
  std::string_view header;      // the value of the field that the route names; "": there is none
  std::string_view turn_state;  // the field by which Codex says which session a turn is of; "": there is none
  std::string_view body;        // the request's JSON
};

inline constexpr std::string_view turn_state_field = "x-codex-turn-state";
inline constexpr size_t max_prefix_bytes = 4'096;  // of a request without cache marks

// "": nothing; then the route's order decides. For `prefix`: the request's prompt_cache_key, else the turn's state,
// else what stands before the first cache mark (which stays as it is from turn to turn, as the last one does not), else
// the beginning.
std::string affinity_of(const config::Affinity& affinity, const AffinityWords& words);

}  // namespace sluice::routing
