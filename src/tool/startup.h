// From the command line to a valid Config: file, flags, variables, passed sockets, discovery, validation, in that
// order.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "config/config.h"
#include "config/origins.h"
#include "config/overrides.h"
#include "net/clock.h"
#include "net/listener.h"

namespace sluice {

struct StartupOptions {
  std::string config_file;  // --config; "": SLUICE_CONFIG, then ./sluice.json if it exists, then none; "-": stdin
  bool demo = false;        // --demo: the demo provider in addition to all others
  config::Overrides flags;
  std::vector<std::string> passed;  // addresses of passed sockets: used unless others are configured
};

struct StartupFailure {
  int exit_code = 1;  // 1: the configuration is wrong; 2: a file cannot be read, or something it names cannot be used
                      // here
  std::vector<std::string> lines = {};         // the problems, one per line
  std::vector<config::Problem> problems = {};  // the same, if the configuration is wrong
};

// `origins`: records where each value came from.
[[gnu::cold]] tl::expected<config::Config, StartupFailure> load_config(const StartupOptions& options,
                                                                       const net::Clock& clock,
                                                                       config::Origins* origins = nullptr);

// The value of an environment variable; "" if it is not set. Call it before any thread starts.
std::string variable_or_empty(const char* name);

// The sockets that the service manager passed to this process (sd_listen_fds(3)); usually none. Call it once, before
// anything else is opened.
tl::expected<std::vector<net::ListenSocket>, StartupFailure> take_passed_sockets();

}  // namespace sluice
