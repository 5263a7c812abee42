// Finds providers without a configuration file: those whose usual key variable is set, and local ones that answer. The
// probing is done elsewhere; this lists the probes and reads their answers.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/environment.h"
#include "config/problem.h"

namespace sluice::config {

// A GET that finds a local program: http://127.0.0.1:<port><path>.
struct LocalProbe {
  std::string name;  // of the preset
  uint16_t port = 0;
  std::string path;  // of its list of models
};
std::vector<LocalProbe> local_probes();

// A probe that found its program.
struct AnsweredProbe {
  std::string name;
  uint16_t port = 0;
  std::vector<std::string> models;  // at most 64
};
// Whether the answer to a probe comes from that program. nullopt for anything else, including another sluice (which
// lists its models as "provider/model").
std::optional<AnsweredProbe> read_probe_answer(const LocalProbe& probe, int status, std::string_view body);

// Parses OLLAMA_HOST: a host, host:port, :port or a URL; 0.0.0.0 and :: mean this machine. nullopt: none of these.
std::optional<Url> parse_ollama_host(std::string_view text);

// Adds what is found to a `config` without providers. Ports in config.listen are skipped: they are sluice's own (so
// call apply_overrides() before). If nothing is found, adds the demo provider, which answers only to its own names
// (demo, demo-small, demo/ANY), so that it is not mistaken for a model. Returns settings that cannot be used, each a
// reason not to start; a variable that is set but empty is noted in config.warnings.
std::vector<Problem> add_discovered(Config& config, const Environment& environment,
                                    std::span<const AnsweredProbe> answers);

// For --demo: adds the built-in demo provider, which answers every model name that no other provider lists. Replaces a
// provider named demo.
void add_demo(Config& config);

}  // namespace sluice::config
