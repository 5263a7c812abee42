// What a run should do: the validated command line.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/dialect.h"
#include "base/result.h"
#include "bench/target.h"

namespace sluice::bench {

// As written; "" if not given.
struct Flags {
  std::string url, model, connections, requests, duration, prompt, max_tokens, dialect, key_env, timeout, ca_file;
  bool stream = false;
  bool json = false;
};

struct Options {
  static constexpr uint32_t max_connections = 4096;

  BenchTarget target;
  Dialect dialect = Dialect::openai;  // or anthropic
  std::string model;                  // "": the first that /v1/models lists
  std::string key;                    // a secret; "": none
  std::string key_variable;           // the environment variable the key comes from
  uint32_t connections = 0;
  uint64_t requests = 0;        // 0: as many as fit into the duration
  uint64_t duration_ms = 0;     // 0: until the requests are done
  uint32_t timeout_ms = 0;      // of one request
  uint32_t max_tokens = 0;      // of one answer
  std::string prompt, ca_file;  // ca_file: PEM; "": the system's authorities
  bool stream = false;
  bool json = false;
};

// For the command line's help.
inline constexpr const char* dialect_choices = "openai|anthropic";
inline constexpr const char* dialect_help = "the dialect to use (openai)";
inline constexpr const char* key_help = "the variable that holds the key (OPENAI_API_KEY or ANTHROPIC_API_KEY, if set)";

// The value of an environment variable, "" where it is not set.
using Variable = std::function<std::string(const char* name)>;

// The error (code config) says which flag is wrong and what it takes; it never holds a key.
Result<Options> options_from(const Flags& flags, const Variable& variable);

}  // namespace sluice::bench
