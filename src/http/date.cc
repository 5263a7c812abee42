#include "http/date.h"

#include <time.h>

#include <array>
#include <chrono>
#include <string_view>

namespace sluice::http {
namespace {

constexpr std::array<std::string_view, 7> weekdays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

void append_two(std::string& out, unsigned value) {
  out += static_cast<char>('0' + value / 10 % 10);
  out += static_cast<char>('0' + value % 10);
}

}  // namespace

std::string http_date(int64_t unix_s) {
  using namespace std::chrono;
  const sys_seconds time{seconds(unix_s)};
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const auto second = static_cast<unsigned>((time - day).count());
  std::string out;
  out += weekdays[weekday(day).c_encoding()];
  out += ", ";
  append_two(out, static_cast<unsigned>(date.day()));
  out += ' ';
  out += months[static_cast<unsigned>(date.month()) - 1];
  out += ' ';
  const auto year = static_cast<unsigned>(static_cast<int>(date.year()));
  append_two(out, year / 100);
  append_two(out, year);
  out += ' ';
  append_two(out, second / 3600);
  out += ':';
  append_two(out, second / 60 % 60);
  out += ':';
  append_two(out, second % 60);
  out += " GMT";
  return out;
}

std::string http_date_now() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return http_date(now.tv_sec);
}

}  // namespace sluice::http
