#include "config/expiry.h"

#include <chrono>

#include "base/time_text.h"

namespace sluice::config {
namespace {

constexpr int64_t day_s = 24 * 3600;
constexpr int64_t soon_s = 14 * day_s;

// Reads text with fixed columns, from its beginning.
class Places {
 public:
  explicit Places(std::string_view text) : rest_(text) {}
  bool ended() const { return rest_.empty(); }

  // A number of exactly `digits` digits, within bounds.
  std::optional<int> number(size_t digits, int least, int most) {
    if (rest_.size() < digits) return std::nullopt;
    int value = 0;
    for (const char c : rest_.substr(0, digits)) {
      if (c < '0' || c > '9') return std::nullopt;
      value = value * 10 + (c - '0');
    }
    rest_.remove_prefix(digits);
    if (value < least || value > most) return std::nullopt;
    return value;
  }
  // The next character, if it is one of these.
  char one_of(std::string_view characters) {
    if (rest_.empty() || characters.find(rest_.front()) == std::string_view::npos) return 0;
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }
  bool skip_digits() {
    const size_t before = rest_.size();
    while (one_of("0123456789") != 0) {
    }
    return rest_.size() < before;
  }

 private:
  std::string_view rest_;
};

std::optional<int64_t> read_date(Places& places) {
  constexpr int least_year = 2000, max_year = 9999;
  const auto year = places.number(4, least_year, max_year);
  if (!year || places.one_of("-") == 0) return std::nullopt;
  const auto month = places.number(2, 1, 12);
  if (!month || places.one_of("-") == 0) return std::nullopt;
  const auto day = places.number(2, 1, 31);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return int64_t{std::chrono::sys_days(date).time_since_epoch().count()} * day_s;
}

// Hours and minutes, as seconds.
std::optional<int64_t> read_hours(Places& places) {
  const auto hours = places.number(2, 0, 23);
  if (!hours || places.one_of(":") == 0) return std::nullopt;
  const auto minutes = places.number(2, 0, 59);
  if (!minutes) return std::nullopt;
  return int64_t{*hours} * 3600 + int64_t{*minutes} * 60;
}

// Seconds to add to the local time to get UTC.
std::optional<int64_t> read_zone(Places& places) {
  const char sign = places.one_of("Zz+-");
  if (sign != '+' && sign != '-') return sign == 0 ? std::nullopt : std::optional<int64_t>(0);
  const auto offset = read_hours(places);
  if (!offset) return std::nullopt;
  return sign == '+' ? -*offset : *offset;
}

std::string days_text(int64_t seconds) {
  const int64_t days = seconds / day_s;
  if (days == 0) return "in less than a day";
  return days == 1 ? "in 1 day" : "in " + std::to_string(days) + " days";
}

}  // namespace

std::optional<int64_t> parse_expiry(std::string_view text) {
  Places places(text);
  const auto date = read_date(places);
  if (!date) return std::nullopt;
  if (places.ended()) return *date + day_s - 1;
  if (places.one_of("Tt ") == 0) return std::nullopt;
  const auto hours = read_hours(places);
  if (!hours || places.one_of(":") == 0) return std::nullopt;
  const auto seconds = places.number(2, 0, 60);  // 60: a leap second
  if (!seconds || (places.one_of(".") != 0 && !places.skip_digits())) return std::nullopt;
  const auto zone = read_zone(places);
  if (!zone || !places.ended()) return std::nullopt;
  return *date + *hours + *seconds + *zone;
}

void warn_of_expiry(Config& config, int64_t now_unix_s) {
  const auto warn_of = [&](const std::string& what, int64_t expires_unix_s, const std::string& remedy) {
    if (expires_unix_s == 0 || expires_unix_s - now_unix_s >= soon_s) return;
    const int64_t left_s = expires_unix_s - now_unix_s;
    config.warnings.push_back("keys: " + what +
                              (left_s < 0 ? " has expired, at " : " expires " + days_text(left_s) + ", at ") +
                              rfc3339(expires_unix_s) + remedy);
  };
  for (const CallerKey& key : config.keys) {
    warn_of(key.name, key.expires_unix_s, "; callers get 401 from then on");
    for (const OlderSecret& older : key.older) {
      if (key.expires_unix_s != 0 && older.expires_unix_s >= key.expires_unix_s) continue;  // already warned of
      warn_of("an old secret of " + key.name, older.expires_unix_s, "; callers get 401 for it from then on");
    }
  }
}

}  // namespace sluice::config
