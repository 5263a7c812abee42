// The few settings that flags and variables can change. Precedence: flag, SLUICE_* variable, file, default.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/environment.h"
#include "config/origins.h"
#include "config/problem.h"

namespace sluice::config {

// As written; nullopt or empty means not given.
struct Overrides {
  std::vector<std::string> listen;  // each may hold several addresses, separated by commas
  std::optional<std::string> port;  // replaces the port of the only TCP address; a flag only: Kubernetes sets
                                    // SLUICE_PORT to a URL for a service of that name
  std::optional<std::string> workers;
  std::optional<std::string> log_level;
  std::optional<std::string> log_format;
  std::optional<std::string> pid_file;
};

// SLUICE_LISTEN, SLUICE_WORKERS, SLUICE_LOG_LEVEL, SLUICE_LOG_FORMAT and SLUICE_PID_FILE; an empty variable counts as
// not set.
Overrides overrides_from(const Environment& environment);

// Applies the variables, then `flags`, to `config`. The file's rules apply; problems name the flag or the variable.
// `origins`: records where changed values came from. Call this before discovery, which must know where sluice listens.
std::vector<Problem> apply_overrides(Config& config, const Overrides& flags, const Environment& environment,
                                     Origins* origins = nullptr);

}  // namespace sluice::config
