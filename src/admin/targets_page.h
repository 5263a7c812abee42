// /admin/targets: shows how each target is doing and lets an operator drain one, bench one for a while, or free one.
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

// Calls seen(health, state) for at most `most` targets; if there are more, only for those that have been asked or are
// not closed. Returns how many it left out. `now_ms`: on the clock of the healths.
template <typename Seen>
size_t each_shown_target(routing::HealthBoard& board, uint64_t now_ms, size_t most, Seen&& seen) {
  size_t count = 0, shown = 0, left_out = 0;
  board.for_each([&](const routing::TargetHealth&) { ++count; });
  board.for_each([&](const routing::TargetHealth& health) {
    const routing::HealthState state = health.state(now_ms);
    const bool quiet = state.asked == 0 && state.standing == routing::Standing::closed;
    // The place that a provider's unknown model names share: shown only if it was used.
    if (quiet && health.label().find('/') == std::string::npos) return;
    if (shown == most || (count > most && quiet)) return void(++left_out);
    ++shown;
    seen(health, state);
  });
  return left_out;
}

// JSON: those targets, with `left_out` counting the others, then at most `most` credentials of providers that have
// several.
std::string targets_body(routing::HealthBoard& board, uint64_t now_ms, size_t most = max_targets_shown);

// Carries out {"target": "provider/model", "action": "drain"|"bench"|"free", "for_s": 60}; `for_s` only with "bench".
// Errors: bad_request for any other body, unknown_model for an unknown target. The log records the change at any level,
// with the name of the key that was used ("" without one) and the peer.
Result<void> control_target(routing::HealthBoard& board, observe::Log& log, std::string_view body, uint64_t now_ms,
                            std::string_view key, std::string_view peer);

}  // namespace sluice::admin
