// The body of POST /admin/log-level. Here, as it is JSON and its levels are those of `log.level`.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::config {

// {"level": "debug"}: the level's name. bad_request: no such object, an unknown member or level; it names the levels.
Result<std::string> read_level_request(std::string_view body);

}  // namespace sluice::config
