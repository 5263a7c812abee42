// The header fields that tell a caller how much of its limits is left, as its dialect names them. SDKs and agents pace
// themselves by them.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/dialect.h"

namespace sluice::api {

// What is left at one moment.
struct RateLimitState {
  struct Budget {
    uint32_t limit = 0;  // per minute; 0: there is no such limit, and no fields
    uint32_t remaining = 0;
    uint64_t full_in_ms = 0;  // until all of it is available again
  };
  Budget requests, tokens;
  bool any() const { return requests.limit != 0 || tokens.limit != 0; }
};

// A dialect's field names: the limit, what remains, when all of it is available again.
struct RateLimitNames {
  std::string_view prefix;  // of all such fields of its providers
  std::array<std::string_view, 3> requests, tokens;
  bool tells_moment;  // reset is a time of day (RFC 3339), not a duration
};
// OpenAI's, which most dialects use.
inline constexpr RateLimitNames plain_rate_limit_names{
    "x-ratelimit-",
    {"x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"},
    {"x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"},
    false};

class RateLimitFields {
 public:
  struct Field {
    std::string_view name;
    std::string_view value() const { return {text.data(), size}; }
    std::array<char, 24> text{};
    size_t size = 0;
  };
  // `unix_ms`: the current time, which reset times are computed from. Allocates nothing.
  RateLimitFields(Dialect dialect, const RateLimitState& state, int64_t unix_ms);
  // None for a state without limits.
  std::span<const Field> fields() const { return {fields_.data(), count_}; }

 private:
  void add(const std::array<std::string_view, 3>& names, const RateLimitState::Budget& budget, bool moments,
           int64_t unix_ms);

  std::array<Field, 6> fields_;
  size_t count_ = 0;
};

// Whether a field of a target's answer is such a field (any dialect's): it reports the provider's limits.
bool is_rate_limit_field(std::string_view name);
// "x-ratelimit-limit-requests, ...": the names of all dialects.
std::string all_rate_limit_names();

}  // namespace sluice::api
