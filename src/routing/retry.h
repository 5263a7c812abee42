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
  int status = 0;                          // of the target's answer; 0: it gave none
  std::string_view target_code;            // the provider's own word for it: "insufficient_quota"; "": none
  std::string_view message;                // the provider's own text
  std::optional<uint32_t> retry_after_ms;  // what the target asked for
  bool begun = false;                      // output has reached the caller
};

struct Verdict {
  Next next = Next::give_up;
  uint32_t wait_ms = 0;  // before `again`
  Blame blame = Blame::nobody;
  bool larger_window = false;  // move_on goes only to targets whose context window is larger, or not known
  uint32_t bench_ms = 0;       // how long the target (or the credential) is left alone; 0: not at all
};

// `tries_at_target`: attempts of this exchange at this target so far, the failed one with them (from 1). `chance`: any
// number, for the jitter. That no more than retry.attempts are made is the caller's to count.
Verdict judge(const Outcome& outcome, uint32_t tries_at_target, const config::Retry& retry, uint64_t chance);

}  // namespace sluice::routing
