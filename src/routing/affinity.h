// The affinity key of a request: requests with the same one should go to the same target. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "config/config.h"

namespace sluice::routing {

// Where the key may come from. The views only have to be valid during the call.
struct AffinityWords {
  std::string_view key;         // the name of the caller's key; "": none
  std::string_view header;      // the value of the field that the route names; "": none
  std::string_view turn_state;  // the field by which Codex names the session of a turn; "": none
  std::string_view body;        // the request's JSON
};

inline constexpr std::string_view turn_state_field = "x-codex-turn-state";
inline constexpr size_t max_prefix_bytes = 4'096;  // of a request without cache marks

// "": none, and the route's order decides. For `prefix`, the first of these that exists: the request's
// prompt_cache_key; the turn state; the text before the first cache mark (which, unlike the text before the last one,
// is the same in each turn); the first max_prefix_bytes.
std::string affinity_of(const config::Affinity& affinity, const AffinityWords& words);

}  // namespace sluice::routing
