// Checks a configuration against this machine: files, folders, certificates, addresses. Used for a start, a reload and
// `sluice check` alike, so that they agree.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/problem.h"

namespace sluice {

// Does everything that a start does, except listening and writing. Returns all reasons not to start; what may differ
// for the user who starts sluice later (a missing address, a folder that this user may not write to) is added to
// config.warnings. `passed`: addresses of sockets from the service manager, which are not checked.
[[gnu::cold]] std::vector<config::Problem> preflight(config::Config& config, const std::vector<std::string>& passed,
                                                     int64_t now_unix_s);

}  // namespace sluice
