// The few settings that a flag or a variable may change: flag, then SLUICE_* variable, then file, then default.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/environment.h"
#include "config/origins.h"
#include "config/problem.h"

namespace sluice::config {

// As they are written; nothing means not given.
struct Overrides {
  std::vector<std::string> listen;  // each may hold several addresses, separated by commas
  std::optional<std::string> port;  // in place of that of the one TCP address there is; a flag only: Kubernetes sets
                                    // SLUICE_PORT to a URL for a service of that name
  std::optional<std::string> workers;
  std::optional<std::string> log_level;
  std::optional<std::string> log_format;
  std::optional<std::string> pid_file;
};

// SLUICE_LISTEN, SLUICE_WORKERS, SLUICE_LOG_LEVEL, SLUICE_LOG_FORMAT and SLUICE_PID_FILE; an empty variable is as good
// as none.
Overrides overrides_from(const Environment& environment);

// Changes `config` by the variables and then by `flags`. They are held to the same rules as the file; the problems name
// the flag or the variable. `origins`: where it is noted what they have said. Call it before discovery, which must know
// where sluice listens.
std::vector<Problem> apply_overrides(Config& config, const Overrides& flags, const Environment& environment,
                                     Origins* origins = nullptr);

}  // namespace sluice::config
