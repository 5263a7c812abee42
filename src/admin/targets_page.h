// /admin/targets: how each target is doing, and an operator's hand on it: no more requests to it, none for a while, or
// let it be asked again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "observe/log.h"
#include "routing/health_board.h"

namespace sluice::admin {

inline constexpr size_t max_targets_shown = 1'000;

// Calls seen(health, state) for at most `most` targets: where there are more, for those that have been asked or are
// left alone. How many it left out. `now_ms`: of the clock that the healths go by.
template <typename Seen>
size_t each_shown_target(routing::HealthBoard& board, uint64_t now_ms, size_t most, Seen&& seen) {
  size_t count = 0, shown = 0, left_out = 0;
  board.for_each([&](const routing::TargetHealth&) { ++count; });
  board.for_each([&](const routing::TargetHealth& health) {
    const routing::HealthState state = health.state(now_ms);
    const bool quiet = state.asked == 0 && state.standing == routing::Standing::closed;
    // A provider's place for what has none of its own: told of where there was any such.
    if (quiet && health.label().find('/') == std::string::npos) return;
    if (shown == most || (count > most && quiet)) return void(++left_out);
    ++shown;
    seen(health, state);
  });
  return left_out;
}

// JSON: the same targets; `left_out` counts the others. Then at most `most` credentials of providers that have several.
std::string targets_body(routing::HealthBoard& board, uint64_t now_ms, size_t most = max_targets_shown);

// Does what {"target": "provider/model", "action": "drain"|"bench"|"free", "for_s": 60} says, `for_s` with "bench"
// alone. bad_request: no such body; unknown_model: no such target. The log says that it was done, with whose key (its
// name, "" without one) and from where, whatever the level.
Result<void> control_target(routing::HealthBoard& board, observe::Log& log, std::string_view body, uint64_t now_ms,
                            std::string_view key, std::string_view peer);

}  // namespace sluice::admin
