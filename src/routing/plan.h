// Which targets are asked for an answer, and in which order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/dialect.h"
#include "config/config.h"
#include "routing/target_health.h"

namespace sluice::routing {

class HedgeBudget;

// What a model accepts, as far as it is known.
struct ModelFit {
  uint64_t context_tokens = 0;  // its window; 0: unknown
  bool told = false;            // whether the rest is known
  bool images = false, tools = false, audio = false;
};

// Which properties of a request can affect the choice of targets: those that some target is known not to accept.
struct Bounds {
  bool tokens = false, images = false, tools = false, audio = false;
};

struct Target {
  const config::Provider* provider = nullptr;  // lives as long as the Config
  std::string model;                           // what the provider calls it; empty for requests without a model
  const config::Model* entry = nullptr;        // of the config, if the caller used a name of its `models`
  bool guessed = false;                        // the name is in no list and in no family
  // Never null in a plan; valid as long as the router's HealthBoard.
  TargetHealth* health = nullptr;
  uint32_t concurrent = 0;  // the most attempts in flight; 0: no limit
  ModelFit fit{};
  std::string_view unfit{};  // why it cannot take this request, a literal; "": nothing is known
  std::string_view why{};    // why it has its place in the plan; a literal: "weight", "fallback", "only one"
  // "provider/model", for records and header fields.
  void append_label(std::string& out) const;
  std::string label() const;
};

// What is known of a request for choosing its targets. View and pointers only have to be valid during the call.
struct Asking {
  Dialect dialect{};
  const config::Model* entry = nullptr;  // the result of entry_of(); null: not looked up
  std::string_view affinity;             // the affinity key; "": none
  uint64_t estimated_tokens = 0;         // of the input and the possible output; 0: unknown
  bool images = false, tools = false, audio = false;
  uint64_t now_ms = 0;                                          // of a monotonic clock
  uint64_t chance = 0;                                          // any number
  const std::function<bool(const Target&)>* allowed = nullptr;  // which targets this caller may use; null: all
};

// A target that is not planned because of `why` (a literal).
struct LeftOut {
  Target target;
  std::string_view why;
};

struct Plan {
  static constexpr size_t max_targets = 64;

  // The index of the target to ask after those in `asked` (a bit for each index) have failed: the first one that may be
  // asked now, has room, and whose context window is unknown or larger than `larger_than` tokens (0: any); otherwise
  // one that is backing off. Targets with an open breaker are never returned: a target that keeps failing is only ever
  // a request's first, as otherwise an outage would multiply requests by the number of targets.
  std::optional<size_t> next(uint64_t asked, uint64_t now_ms, uint64_t larger_than = 0) const;

  // In the order in which they are to be asked: those that may be asked now, then those that are left alone. Never
  // empty; not changed once it is made.
  std::vector<Target> targets;
  const config::Retry* retry = nullptr;  // the entry's, or the default
  const config::Model* entry = nullptr;  // the name of `models` that was asked for, or null
  uint64_t luck = 1;                     // chooses among a provider's credentials; the same for the same affinity
  HedgeBudget* hedges = nullptr;         // the entry's, valid as long as the HealthBoard; null: no hedging
};

}  // namespace sluice::routing
