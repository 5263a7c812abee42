// /admin/log-level: shows and changes the log's level while sluice runs.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "observe/log.h"

namespace sluice::admin {

// {"level":"info"}
std::string log_level_body(const observe::Log& log);
// Takes the body that log_level_body returns. Error: bad_request names the levels. The log records the change at any
// level, with the name of the key that was used ("" without one) and the peer.
Result<void> change_log_level(observe::Log& log, std::string_view body, std::string_view key, std::string_view peer);

}  // namespace sluice::admin
