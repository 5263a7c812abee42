// What becomes of an exchange when an attempt has failed: the same target again, the next one, or the end; how long is
// waited, and whom it counts against. One table (retry.cc), pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "config/config.h"

namespace sluice::routing {

enum class Next : unsigned char {
  again,    // the same target, after `wait_ms`, if its budget has a repeat left; else as move_on
  move_on,  // the next target that may be asked; where there is none, give_up
  give_up,  // what was said is the answer
};

// Whose fault it was.
enum class Blame : unsigned char {
  nobody,      // a caller's, or nothing that says anything about the target
  target,      // counted by its breaker
  credential,  // of the provider: left alone for `bench_ms`, with all targets that are asked with it
};

// How an attempt ended. The views must outlive the call only.
struct Outcome {
  ErrorCode code = ErrorCode::internal;
  int status = 0;                            // of the target's answer; 0: it gave none
  std::string_view target_code{};            // the provider's own word for it: "insufficient_quota"; "": none
  std::string_view message{};                // the provider's own text
  std::optional<uint32_t> retry_after_ms{};  // what the target asked for
  bool begun = false;                        // output has reached the caller
};

struct Verdict {
  Next next = Next::give_up;
  Blame blame = Blame::nobody;
  bool larger_window = false;  // move_on: only to targets whose context window is larger than this one's, or not known
  bool or_again = false;       // move_on: where no other target is left, this one may be asked again, as by `again`
  bool other_key = false;      // where the provider has another credential, it may do: before anything else
  uint32_t wait_ms = 0;        // before it is asked again
  uint32_t bench_ms = 0;       // how long the target is to be left alone by all; with Blame::credential: its credential
  bool operator==(const Verdict&) const = default;
};

inline constexpr uint32_t max_bench_ms = 3'600'000;   // whatever a target asks for
inline constexpr uint32_t refused_bench_ms = 60'000;  // of a credential that is not taken
inline constexpr uint32_t unpaid_bench_ms = 300'000;  // of one without money, where nothing says when it has some again

// `tries_at_target`: attempts of this exchange at this target so far, the failed one with them (from 1). `chance`: any
// number, for the jitter. That no more than retry.attempts are made is for the one who asks to see to. Once output has
// reached the caller the verdict is give_up, with the blame all the same: going on elsewhere is another matter.
Verdict judge(const Outcome& outcome, uint32_t tries_at_target, const config::Retry& retry, uint64_t chance);
// The word that the table has for it: "momentary", "silent", "quota"; a literal, for records.
std::string_view fault_name(const Outcome& outcome);

}  // namespace sluice::routing
