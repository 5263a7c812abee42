// The body of POST /admin/log-level. It is here because it is JSON and its levels are those of `log.level`.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::config {

// {"level": "debug"} gives the level's name. Anything else is bad_request, listing the levels.
Result<std::string> read_level_request(std::string_view body);

}  // namespace sluice::config
