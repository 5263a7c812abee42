// What a look at this machine tells of a configuration: files, folders, certificates, addresses. For a start, a reload
// and `sluice check` alike, so that what one of them finds fine the others do too.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/problem.h"

namespace sluice {

// Does all that a start does, but listen and write. Reasons not to start are returned, all of them; what may be another
// way for those who start sluice later (an address that is not there, a folder that this user may not write to) is
// added to config.warnings. `passed`: addresses whose sockets the service manager has made, which need nothing.
[[gnu::cold]] std::vector<config::Problem> preflight(config::Config& config, const std::vector<std::string>& passed,
                                                     int64_t now_unix_s);

}  // namespace sluice
