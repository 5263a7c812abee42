#include "bench/options.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <utility>

namespace sluice::bench {
namespace {

constexpr std::string_view default_prompt = "Count from one to twenty, in words.";
constexpr double default_duration_s = 10;

tl::unexpected<Error> wrong(std::string message) { return fail(ErrorCode::config, std::move(message)); }

struct Number {
  const char* flag;
  const std::string& text;
  const char* unit;  // "seconds"; null: a count
  double least, most;
  double value;  // if none is given
};

Result<void> read(Number& number) {
  if (number.text.empty()) return {};
  const char* const text_end = number.text.data() + number.text.size();
  double value = 0;
  const auto [end, error] = std::from_chars(number.text.data(), text_end, value);
  const bool fits = number.unit != nullptr || value == std::floor(value);
  // NaN is in no range.
  if (error == std::errc{} && end == text_end && value >= number.least && value <= number.most && fits) {
    number.value = value;
    return {};
  }
  std::array<char, 120> message;
  std::snprintf(message.data(), message.size(), "%s takes %s from %g to %.10g", number.flag,
                number.unit != nullptr ? number.unit : "a whole number", number.least, number.most);
  return wrong(message.data());
}

Result<void> read_numbers(const Flags& flags, Options& options) {
  enum { connections, requests, max_tokens, duration, timeout };
  Number numbers[] = {
      {"--connections", flags.connections, nullptr, 1, Options::max_connections, 16},
      {"--requests", flags.requests, nullptr, 1, 1e9, 0},
      {"--max-tokens", flags.max_tokens, nullptr, 1, 1e6, 64},
      {"--duration", flags.duration, "seconds", 0.1, 86'400, flags.requests.empty() ? default_duration_s : 0},
      {"--timeout", flags.timeout, "seconds", 0.1, 3'600, 120},
  };
  for (Number& number : numbers) {
    if (auto done = read(number); !done) return done;
  }
  options.connections = static_cast<uint32_t>(numbers[connections].value);
  options.requests = static_cast<uint64_t>(numbers[requests].value);
  options.max_tokens = static_cast<uint32_t>(numbers[max_tokens].value);
  options.duration_ms = static_cast<uint64_t>(numbers[duration].value * 1000);
  options.timeout_ms = static_cast<uint32_t>(numbers[timeout].value * 1000);
  return {};
}

Result<void> read_key(const Flags& flags, const Variable& variable, Options& options) {
  options.key_variable = flags.key_env;
  if (flags.key_env.empty()) {
    options.key_variable = options.dialect == Dialect::anthropic ? "ANTHROPIC_API_KEY" : "OPENAI_API_KEY";
  }
  options.key = variable(options.key_variable.c_str());
  if (options.key.empty()) {
    options.key_variable.clear();
    // The name is not repeated: it may be the key, given in the wrong place.
    if (!flags.key_env.empty()) return wrong("--key-env takes the name of a variable that is set and holds the key");
    return {};
  }
  if (std::any_of(options.key.begin(), options.key.end(), [](char c) { return c <= ' ' || c > '~'; })) {
    return wrong("the key in $" + options.key_variable +
                 " contains a space, a line break or something else that no key has");
  }
  return {};
}

}  // namespace

Result<Options> options_from(const Flags& flags, const Variable& variable) {
  Options options;
  auto target = target_from(flags.url);
  if (!target) return wrong("wrong URL: " + target.error().message + "; try http://127.0.0.1:8000");
  options.target = std::move(*target);
  if (!flags.dialect.empty()) {
    const auto dialect = dialect_named(flags.dialect);
    if (dialect != Dialect::openai && dialect != Dialect::anthropic) {
      return wrong("--dialect takes openai or anthropic");
    }
    options.dialect = *dialect;
  }
  Result<void> done = read_numbers(flags, options);
  if (done) done = read_key(flags, variable, options);
  if (!done) return tl::unexpected<Error>(std::move(done.error()));
  options.model = flags.model;
  options.prompt = flags.prompt.empty() ? default_prompt : flags.prompt;
  options.ca_file = flags.ca_file;
  options.stream = flags.stream;
  options.json = flags.json;
  return options;
}

}  // namespace sluice::bench
