// One error in the configuration, described so that it can be fixed: where it is, what is wrong, and what would be
// right.
#pragma once

#include <cstddef>
#include <string>

namespace sluice::config {

// The texts never hold a secret: for fields that may hold one, only the kind of value found is reported.
struct Problem {
  std::string source;      // the file's name, a flag ("--workers") or a variable ("SLUICE_WORKERS"); may be empty
  size_t line = 0;         // from 1; 0: the whole source
  size_t column = 0;       // from 1, in characters
  std::string path;        // "providers.lab.base_url", "keys[1].models[0]"; "" for the whole source
  std::string what;        // "unknown field", "found a string"
  std::string suggestion;  // the nearest valid name; may be empty
  std::string allowed;     // "known: listen, tls", "allowed: true or false"; may be empty
};

// At most this many are reported in one run.
inline constexpr size_t max_problems = 1'000;
// At most this many get a suggestion, which may require scanning thousands of names.
inline constexpr size_t max_suggestions = 50;

// "sluice.json:12:7: providers.lab.base_ul: unknown field; did you mean base_url? (known: dialect, base_url)". One
// line, except when it shows lines to add.
std::string describe(const Problem& problem);

}  // namespace sluice::config
