// Times as text, all in UTC, for Unix times from year 0 to 9999.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice {

// RFC 3339 with milliseconds, without an allocation: "2026-01-01T00:00:00.000Z".
class TimeText {
 public:
  explicit TimeText(int64_t unix_ms);
  std::string_view view() const { return {text_, sizeof text_ - 1}; }
  // Without milliseconds: "2026-01-01T00:00:00".
  std::string_view seconds() const { return {text_, 19}; }

 private:
  TimeText() = default;
  static TimeText of_second(int64_t unix_s);

  char text_[25] = "0000-00-00T00:00:00.000Z";
};

// RFC 3339: "2026-01-01T00:00:00Z".
std::string rfc3339(int64_t unix_s);
// RFC 9110 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT". Valid until the thread asks for another second's.
std::string_view http_date(int64_t unix_s);

}  // namespace sluice
