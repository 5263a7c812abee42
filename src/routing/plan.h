// Who is asked for an answer, and in which order.
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

// What a model takes, as far as somebody has told it.
struct ModelFit {
  uint64_t context_tokens = 0;  // its window; 0: not known
  bool told = false;            // of the rest
  bool images = false, tools = false, audio = false;
};

// What of a request can matter to who is asked: of somebody it is known that he does not take it.
struct Bounds {
  bool tokens = false, images = false, tools = false, audio = false;
};

struct Target {
  const config::Provider* provider = nullptr;  // lives as long as the Config
  std::string model;                           // what the provider calls it; empty for requests without a model
  const config::Model* entry = nullptr;        // of the config, where the caller used a name of its `models`
  bool guessed = false;                        // no list and no family has the name
  // Of a planned target: never null, and lives as long as the router's HealthBoard.
  TargetHealth* health = nullptr;
  uint32_t concurrent = 0;  // attempts that may be under way there; 0: as many as come
  ModelFit fit{};
  std::string_view unfit{};  // what it is known not to take of what is asked, a literal; "": nothing
  std::string_view why{};    // it stands where it does; a literal: "weight", "fallback", "only one"
  // "provider/model", for records and head fields.
  void append_label(std::string& out) const;
  std::string label() const;
};

// What is asked, as far as it matters to who is asked. The view, and what is pointed to, must outlive the call only.
struct Asking {
  Dialect dialect{};
  const config::Model* entry = nullptr;  // as the router's entry_of() tells; null: nobody has looked
  std::string_view affinity;             // what the same target is wanted for; "": nothing
  uint64_t estimated_tokens = 0;         // of the input and of what may be answered; 0: not known
  bool images = false, tools = false, audio = false;
  uint64_t now_ms = 0;                                          // of a monotonic clock
  uint64_t chance = 0;                                          // any number
  const std::function<bool(const Target&)>* allowed = nullptr;  // who may answer this caller; null: anyone
};

// A target that would be planned, were it not for `why` (a literal).
struct LeftOut {
  Target target;
  std::string_view why;
};

struct Plan {
  static constexpr size_t max_targets = 64;

  // The place of the target that is asked when those before it have failed: the first that is not among `asked` (a bit
  // for each place), may be asked now, has room, and whose context window is larger than `larger_than` tokens (0: any),
  // or not known; else one that backs off from another's failure. None, though there are others whose breaker is open:
  // what keeps failing is asked once for each request, as its first, not as often as there are targets.
  std::optional<size_t> next(uint64_t asked, uint64_t now_ms, uint64_t larger_than = 0) const;

  // In the order in which they are to be asked: first those that may be asked now, behind them those that are left
  // alone. Never empty, and not changed once it is made.
  std::vector<Target> targets;
  const config::Retry* retry = nullptr;  // of the entry, or the default
  const config::Model* entry = nullptr;  // the name of `models` that was asked for, or null
  uint64_t luck = 1;                     // chooses among a provider's credentials; the same for the same affinity
  HedgeBudget* hedges = nullptr;         // of the entry, lives as long as the HealthBoard; null: they are not sent
};

}  // namespace sluice::routing
