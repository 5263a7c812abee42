// When a caller's key expires.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/config.h"

namespace sluice::config {

inline constexpr std::string_view expiry_forms =
    "allowed: a date, as 2027-03-31 (to its end, in UTC), or a time, as 2027-03-31T18:00:00Z";

// The last valid second in Unix time: for a date, the last second of that day in UTC; for an RFC 3339 time, that time
// (a fraction is dropped). nullopt for anything else, and for years before 2000.
std::optional<int64_t> parse_expiry(std::string_view text);

// Adds a warning to config.warnings for everything that has expired at `now_unix_s`, or will within 14 days.
void warn_of_expiry(Config& config, int64_t now_unix_s);

}  // namespace sluice::config
