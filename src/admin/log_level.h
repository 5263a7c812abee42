// /admin/log-level: what the log tells of, seen and changed while sluice runs.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "observe/log.h"

namespace sluice::admin {

// {"level":"info"}
std::string log_level_body(const observe::Log& log);
// Takes what log_level_body gives. bad_request names the levels. The log says that it was changed, with whose
// key (its name, "" without one) and from where, whatever the level.
Result<void> change_log_level(observe::Log& log, std::string_view body, std::string_view key, std::string_view peer);

}  // namespace sluice::admin
