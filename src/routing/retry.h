// Decides what happens after a failed attempt: ask the same target again, the next one, or give up; how long to wait,
// and whose fault it was. One table (retry.cc), pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "config/config.h"

namespace sluice::routing {

enum class Next : unsigned char {
  again,    // the same target after `wait_ms`, if its budget has a repeat left; otherwise as move_on
  move_on,  // the next target that may be asked; if there is none, give_up
  give_up,  // the failure is the answer
};

// Whose fault it was.
enum class Blame : unsigned char {
  nobody,      // the caller's, or nothing that says anything about the target
  target,      // counted by its breaker
  credential,  // the provider's: benched for `bench_ms` for all its targets
};

// How an attempt ended. The views only have to be valid during the call.
struct Outcome {
  ErrorCode code = ErrorCode::internal;
  int status = 0;                            // of the target's answer; 0: it gave none
  std::string_view target_code{};            // the provider's error code: "insufficient_quota"; "": none
  std::string_view message{};                // the provider's message
  std::optional<uint32_t> retry_after_ms{};  // what the target asked for
  bool begun = false;                        // output has reached the caller
};

struct Verdict {
  Next next = Next::give_up;
  Blame blame = Blame::nobody;
  bool larger_window = false;  // move_on: only to a target with a larger or unknown context window
  bool or_again = false;       // move_on: if no other target is left, this one may be asked again, as by `again`
  bool other_key = false;      // try another credential of the provider first, if it has one
  uint32_t wait_ms = 0;        // before it is asked again
  uint32_t bench_ms = 0;       // how long all leave the target alone; with Blame::credential: the credential
  bool operator==(const Verdict&) const = default;
};

inline constexpr uint32_t max_bench_ms = 3'600'000;   // the most, whatever a target asks for
inline constexpr uint32_t refused_bench_ms = 60'000;  // of a credential that is rejected
inline constexpr uint32_t doubted_bench_ms = 10'000;  // of one at the target that refused what may be the request only
inline constexpr uint32_t unpaid_bench_ms = 300'000;  // of one without credit, if the target gives no time

// `tries_at_target`: attempts of this exchange at this target so far, including the failed one (from 1). `chance`: any
// number, for the jitter. retry.attempts is not checked here. Once output has reached the caller the verdict is
// give_up, but the blame still counts; rescuing the stream is decided elsewhere.
Verdict judge(const Outcome& outcome, uint32_t tries_at_target, const config::Retry& retry, uint64_t chance);
// The table's name for the failure: "momentary", "silent", "quota"; a literal, for records.
std::string_view fault_name(const Outcome& outcome);

}  // namespace sluice::routing
