// The body of /admin/limits: every rate limit and what is left of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "policy/limiter.h"

namespace sluice::admin {

// JSON. `limiter`: nullptr if nothing is limited. `now_ns`: on the limiter's clock. Shows at most `most` limits; if
// there are more, only those in use, and `left_out` counts the others.
std::string limits_body(policy::Limiter* limiter, uint64_t now_ns, size_t most = 1000);

}  // namespace sluice::admin
