// Providers without a file that names them: those whose usual key variable is set, and local ones that answer. Probing
// itself is done elsewhere; this says what to ask and reads the answers.
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

// A GET that tells whether a local program is there: http://127.0.0.1:<port><path>.
struct LocalProbe {
  std::string name;  // the preset's
  uint16_t port = 0;
  std::string path;  // of its list of models
};
std::vector<LocalProbe> local_probes();

// A probe that found what it looked for.
struct AnsweredProbe {
  std::string name;
  uint16_t port = 0;
  std::vector<std::string> models;  // at most 64
};
// Whether the answer to a probe comes from such a program. nullopt for anything else, and for another sluice (which
// lists its models as "provider/model").
std::optional<AnsweredProbe> read_probe_answer(const LocalProbe& probe, int status, std::string_view body);

// What OLLAMA_HOST means: a host, host:port, :port or a URL; 0.0.0.0 and :: stand for this machine. nullopt: nothing
// that makes sense.
std::optional<Url> parse_ollama_host(std::string_view text);

// Adds what is found to a `config` without providers. Ports in config.listen are left out: they are sluice's own (so
// call apply_overrides() before). Nothing found: the demo provider, which answers to its own names only (demo,
// demo-small, demo/ANY), lest it be taken for a model. Returns what is set but cannot be used, each a reason not to
// start; a variable that is set to nothing is noted in config.warnings.
std::vector<Problem> add_discovered(Config& config, const Environment& environment,
                                    std::span<const AnsweredProbe> answers);

// For --demo: adds the built-in demo provider, which takes every model name that no other provider lists. It replaces
// one that is called demo.
void add_demo(Config& config);

}  // namespace sluice::config
