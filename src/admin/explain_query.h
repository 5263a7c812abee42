// The query of /admin/explain: what is asked for, as far as it matters to who is asked.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "routing/plan.h"

namespace sluice::admin {

struct ExplainQuery {
  std::string model;
  std::string affinity;
  routing::Asking asking;  // but for affinity, the time and chance
};

// "model=smart&tokens=9000&images=1&dialect=anthropic&affinity=s-1". bad_request: no model, a parameter or a value that
// is not known.
Result<ExplainQuery> read_explain_query(std::string_view query);

}  // namespace sluice::admin
