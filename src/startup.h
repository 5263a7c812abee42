// From the command line to a Config that may be run: file, flags, variables, discovery, validation, in that order.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "config/config.h"
#include "config/overrides.h"

namespace sluice {

struct StartupOptions {
  std::string config_file;  // --config; "" : SLUICE_CONFIG, then ./sluice.json if it is there, then none
  bool demo = false;        // --demo: the demo provider beside whatever else there is
  config::Overrides flags;
};

struct StartupFailure {
  int exit_code = 1;               // 1: wrong configuration, 2: a file cannot be read
  std::vector<std::string> lines;  // what is wrong, one problem a line
};

tl::expected<config::Config, StartupFailure> load_config(const StartupOptions& options);

}  // namespace sluice
