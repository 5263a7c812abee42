// The query of /admin/explain: the properties of a request that matter for routing it.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "routing/plan.h"

namespace sluice::admin {

struct ExplainQuery {
  std::string model;
  std::string affinity;
  routing::Asking asking;  // without affinity, the time and the random source
};

// "model=smart&tokens=9000&images=1&dialect=anthropic&affinity=s-1". Error: bad_request if the model is missing or a
// parameter or value is unknown.
Result<ExplainQuery> read_explain_query(std::string_view query);

}  // namespace sluice::admin
