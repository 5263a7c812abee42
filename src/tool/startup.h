// From the command line to a Config that may be run: file, flags, variables, passed sockets, discovery, validation, in
// that order.
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
  std::string config_file;  // --config; "" : SLUICE_CONFIG, then ./sluice.json if it is there, then none; "-": stdin
  bool demo = false;        // --demo: the demo provider beside whatever else there is
  config::Overrides flags;
  std::vector<std::string> passed;  // where passed sockets listen: these, unless something says where to listen
};

struct StartupFailure {
  int exit_code = 1;  // 1: the configuration is wrong; 2: a file cannot be read, or what it names cannot be used here
  std::vector<std::string> lines = {};         // what is wrong, one problem a line
  std::vector<config::Problem> problems = {};  // the same, where it is wrong with the configuration
};

// `origins`: where it is noted what each value came from.
[[gnu::cold]] tl::expected<config::Config, StartupFailure> load_config(const StartupOptions& options,
                                                                       const net::Clock& clock,
                                                                       config::Origins* origins = nullptr);

// The value of an environment variable; "" where it is not set. Before any thread starts.
std::string variable_or_empty(const char* name);

// The sockets that the service manager has passed to this process (sd_listen_fds(3)); none as a rule. Once, before
// anything else is opened.
tl::expected<std::vector<net::ListenSocket>, StartupFailure> take_passed_sockets();

}  // namespace sluice
