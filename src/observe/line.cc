#include "observe/line.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "base/json_escape.h"

namespace sluice::observe {
namespace {

// Of a word: visible ASCII that needs no escaping and divides nothing.
constexpr auto word_chars = [] {
  std::array<bool, 256> table{};
  for (size_t c = 0x21; c < 0x7f; ++c) table[c] = c != '"' && c != '\\' && c != '=';
  return table;
}();

void append_two(char* out, unsigned value) {
  out[0] = static_cast<char>('0' + value / 10 % 10);
  out[1] = static_cast<char>('0' + value % 10);
}

}  // namespace

TimeText::TimeText(int64_t unix_ms) {
  using namespace std::chrono;
  const sys_time<milliseconds> time{milliseconds(unix_ms)};
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const auto ms_of_day = static_cast<unsigned>((time - day).count());
  const unsigned second = ms_of_day / 1000;
  const auto year = static_cast<unsigned>(static_cast<int>(date.year()));
  append_two(text_, year / 100);
  append_two(text_ + 2, year);
  append_two(text_ + 5, static_cast<unsigned>(date.month()));
  append_two(text_ + 8, static_cast<unsigned>(date.day()));
  append_two(text_ + 11, second / 3600);
  append_two(text_ + 14, second / 60 % 60);
  append_two(text_ + 17, second % 60);
  append_two(text_ + 20, ms_of_day % 1000 / 10);
  text_[22] = static_cast<char>('0' + ms_of_day % 10);
}

bool is_word(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return word_chars[static_cast<unsigned char>(c)]; });
}

void append_word(std::string& out, std::string_view text) {
  if (is_word(text)) {
    out += text;
  } else {
    append_json_string(out, text);
  }
}

size_t cut_at(std::string_view text, size_t most_bytes) {
  if (text.size() <= most_bytes) return text.size();
  size_t at = most_bytes;
  for (size_t back = 0; back < 3 && at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80; ++back) --at;
  return at;
}

}  // namespace sluice::observe
