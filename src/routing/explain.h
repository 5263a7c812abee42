// How a request would be routed, and why: its plan, the targets that are left out, and how each target is doing. For
// people (`sluice explain`) and for programs (/admin/explain).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "routing/router.h"

namespace sluice::routing {

struct Explanation {
  std::string name;  // the name asked for
  Plan plan;
  std::vector<LeftOut> left_out;
  std::string affinity;  // the affinity key
  uint64_t now_ms = 0;   // when it was made
};

// The plan and its errors are those of Router::plan(). The targets' health is read later, when the explanation is
// written.
Result<Explanation> explain(const Router& router, std::string_view name, const Asking& asking);

// {"model", "route", "order", "affinity", "attempts", "targets": [...], "left_out": [...]}, and the line's end.
[[gnu::cold]] std::string explanation_json(const Explanation& explanation);
// One line for the route and one for each target; names are escaped for a terminal.
std::string explanation_text(const Explanation& explanation);

}  // namespace sluice::routing
