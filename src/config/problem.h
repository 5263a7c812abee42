// One thing that is wrong with the configuration, said so that it can be put right: where, what, and what would be
// right instead.
#pragma once

#include <cstddef>
#include <string>

namespace sluice::config {

// Its texts never hold a secret: of fields that may hold one, only the kind of what was found is told.
struct Problem {
  std::string source;      // the file's name, a flag ("--workers") or a variable ("SLUICE_WORKERS"); may be empty
  size_t line = 0;         // from 1; 0: the whole source
  size_t column = 0;       // from 1, in characters
  std::string path;        // "providers.lab.base_url", "keys[1].models[0]"; "" for the whole
  std::string what;        // "unknown field", "found a string"
  std::string suggestion;  // the nearest valid name; may be empty
  std::string allowed;     // "known: listen, tls", "allowed: true or false"; may be empty
};

// As many are told at once; what is wrong beyond is found when these are mended.
inline constexpr size_t max_problems = 1'000;
// Of these, so many with the nearest of thousands of names, for which all have to be looked at.
inline constexpr size_t max_suggestions = 50;

// "sluice.json:12:7: providers.lab.base_ul: unknown field; did you mean base_url? (known: dialect, base_url)". One
// line, unless it shows lines to add.
std::string describe(const Problem& problem);

}  // namespace sluice::config
