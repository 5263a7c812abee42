#include "base/time_text.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>

namespace sluice {
namespace {

constexpr std::array<std::string_view, 7> weekdays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

void append_two(char* out, unsigned value) {
  out[0] = static_cast<char>('0' + value / 10 % 10);
  out[1] = static_cast<char>('0' + value % 10);
}

}  // namespace

// Most texts fall in the same second as the one before.
TimeText::TimeText(int64_t unix_ms) {
  thread_local int64_t last_second = INT64_MIN;
  thread_local TimeText last;
  const int64_t second = unix_ms / 1000 - (unix_ms % 1000 < 0 ? 1 : 0);
  if (second != last_second) {
    last = of_second(second);
    last_second = second;
  }
  *this = last;
  const auto ms = static_cast<unsigned>(unix_ms - second * 1000);
  append_two(text_ + 20, ms / 10);
  text_[22] = static_cast<char>('0' + ms % 10);
}

TimeText TimeText::of_second(int64_t unix_s) {
  using namespace std::chrono;
  const sys_seconds time{std::chrono::seconds(unix_s)};
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const auto second = static_cast<unsigned>((time - day).count());
  const auto year = static_cast<unsigned>(static_cast<int>(date.year()));
  TimeText made;
  char* const text = made.text_;
  append_two(text, year / 100);
  append_two(text + 2, year);
  append_two(text + 5, static_cast<unsigned>(date.month()));
  append_two(text + 8, static_cast<unsigned>(date.day()));
  append_two(text + 11, second / 3600);
  append_two(text + 14, second / 60 % 60);
  append_two(text + 17, second % 60);
  return made;
}

std::string rfc3339(int64_t unix_s) {
  const TimeText time(unix_s * 1000);
  std::string text(time.seconds());
  return text += 'Z';
}

// As with TimeText, most are the same as the one before.
std::string_view http_date(int64_t unix_s) {
  using namespace std::chrono;
  thread_local int64_t last_s = INT64_MIN;
  thread_local std::array<char, 29> last;
  if (unix_s != last_s) {
    const auto day = floor<days>(sys_seconds{seconds(unix_s)});
    const year_month_day date(day);
    const TimeText text(unix_s * 1000);
    std::string out(weekdays[weekday(day).c_encoding()]);
    (out += ", ") += text.seconds().substr(8, 2);
    (out += ' ') += months[static_cast<unsigned>(date.month()) - 1];
    (out += ' ') += text.seconds().substr(0, 4);
    (out += ' ') += text.seconds().substr(11);
    out += " GMT";
    std::copy_n(out.data(), last.size(), last.data());
    last_s = unix_s;
  }
  return {last.data(), last.size()};
}

}  // namespace sluice
