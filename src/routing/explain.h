// How a request would be routed, and why: the plan that it would get, who is left out of it, and how each target is
// doing. For people (`sluice explain`) and for programs (/admin/explain).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "routing/router.h"

namespace sluice::routing {

struct Explanation {
  std::string name;  // that was asked for
  Plan plan;
  std::vector<LeftOut> left_out;
  std::string affinity;  // what the same target is wanted for
  uint64_t now_ms = 0;   // when this was so
};

// What plan() gives, with its errors. What the targets' healths say is looked at when it is written.
Result<Explanation> explain(const Router& router, std::string_view name, const Asking& asking);

// {"model", "route", "order", "affinity", "attempts", "targets": [...], "left_out": [...]}, and the line's end.
[[gnu::cold]] std::string explanation_json(const Explanation& explanation);
// One line for the route and one for each target; names as a terminal may be shown them.
std::string explanation_text(const Explanation& explanation);

}  // namespace sluice::routing
