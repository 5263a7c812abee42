#include "gateway/retry_after.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <string>
#include <string_view>

namespace sluice::gateway {
namespace {

constexpr double ms_a_second = 1000.0;
constexpr double max_ms = 3600.0 * ms_a_second;

// A number of at least 0, with or without a fraction, and nothing after it.
std::optional<double> number_of(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || !(number >= 0)) return std::nullopt;
  return number;
}

// "Sun, 06 Nov 1994 08:49:37 GMT"
std::optional<int64_t> date_of(const std::string& text) {
  std::tm parts{};
  const char* const end = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return static_cast<int64_t>(::timegm(&parts));
}

uint32_t bounded(double ms) { return static_cast<uint32_t>(std::clamp(ms, 0.0, max_ms)); }

}  // namespace

std::optional<uint32_t> retry_after_ms(const http::ResponseHead& head, int64_t now_unix_s) {
  if (const auto text = head.fields.find("retry-after-ms")) {
    if (const auto ms = number_of(*text)) return bounded(*ms);
  }
  const auto text = head.fields.find("retry-after");
  if (!text) return std::nullopt;
  if (const auto seconds = number_of(*text)) return bounded(*seconds * ms_a_second);
  if (const auto at = date_of(std::string(*text))) return bounded(static_cast<double>(*at - now_unix_s) * ms_a_second);
  return std::nullopt;
}

}  // namespace sluice::gateway
