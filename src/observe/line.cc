#include "observe/line.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>

namespace sluice::observe {
namespace {

enum class Kind : unsigned char {
  plain,    // stands for itself everywhere
  divider,  // stands for itself between quotes, but is no part of a word
  special,  // control character, quote or backslash
  high,     // part of a longer UTF-8 sequence
};

constexpr std::array<Kind, 256> kinds = [] {
  std::array<Kind, 256> table{};
  for (size_t i = 0; i < 0x20; ++i) table[i] = Kind::special;
  table[0x7f] = table['"'] = table['\\'] = Kind::special;
  table[' '] = table['='] = Kind::divider;
  for (size_t i = 0x80; i < 256; ++i) table[i] = Kind::high;
  return table;
}();

Kind kind_of(char c) { return kinds[static_cast<unsigned char>(c)]; }

void append_unicode_escape(std::string& out, unsigned code) {
  constexpr std::string_view hex = "0123456789abcdef";
  const char text[] = {'\\', 'u', hex[code >> 12 & 15], hex[code >> 8 & 15], hex[code >> 4 & 15], hex[code & 15]};
  out.append(text, sizeof text);
}

void append_special(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      append_unicode_escape(out, static_cast<unsigned char>(c));
  }
}

// Appends the sequence at the start of `text` and returns how many bytes it took.
size_t append_high(std::string& out, std::string_view text) {
  const size_t size = utf8_sequence_bytes(text);
  if (size == 0) {
    out += "\xef\xbf\xbd";
    return 1;
  }
  const auto byte = [text](size_t i) { return static_cast<unsigned char>(text[i]); };
  // Terminals and some readers of lines take these for control characters and line ends.
  if (size == 2 && byte(0) == 0xc2 && byte(1) < 0xa0) {
    append_unicode_escape(out, byte(1));
  } else if (text.starts_with("\xe2\x80\xa8") || text.starts_with("\xe2\x80\xa9")) {
    append_unicode_escape(out, 0x2028u | (byte(2) & 1u));
  } else {
    out.append(text.substr(0, size));
  }
  return size;
}

// Whether none of eight bytes needs escaping or is outside of ASCII, all at once: the highest bit of a byte tells.
bool all_plain(const char* eight) {
  constexpr uint64_t ones = 0x0101010101010101ull, highs = 0x8080808080808080ull;
  uint64_t bytes = 0;
  std::memcpy(&bytes, eight, sizeof bytes);
  const auto equal = [bytes](unsigned char c) {
    const uint64_t difference = bytes ^ (ones * c);
    return (difference - ones) & ~difference;
  };
  const uint64_t control = (bytes - ones * 0x20) & ~bytes;
  return ((bytes | control | equal('"') | equal('\\') | equal(0x7f)) & highs) == 0;
}

void append_two(char* out, unsigned value) {
  out[0] = static_cast<char>('0' + value / 10 % 10);
  out[1] = static_cast<char>('0' + value % 10);
}

}  // namespace

size_t utf8_sequence_bytes(std::string_view text) {
  const auto byte = [text](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const size_t size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (text.size() < size) return 0;
  // The second byte's range is what keeps out overlong forms, surrogates and what is above U+10FFFF.
  const unsigned char low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const unsigned char high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  if (byte(1) < low || byte(1) > high) return 0;
  for (size_t i = 2; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  return size;
}

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

bool is_plain(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  if (text.size() < 8) return std::all_of(at, end, [](char c) { return kind_of(c) <= Kind::divider; });
  for (; end - at >= 8; at += 8) {
    if (!all_plain(at)) return false;
  }
  return all_plain(end - 8);  // the rest, and some bytes once more
}

bool is_word(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return kind_of(c) == Kind::plain; });
}

void append_escaped(std::string& out, std::string_view text) {
  size_t begin = 0;  // of what is not appended yet
  for (size_t i = 0; i < text.size();) {
    const Kind kind = kind_of(text[i]);
    if (kind <= Kind::divider) {
      ++i;
      continue;
    }
    out.append(text, begin, i - begin);
    if (kind == Kind::special)
      append_special(out, text[i++]);
    else
      i += append_high(out, text.substr(i));
    begin = i;
  }
  out.append(text, begin);
}

void append_word(std::string& out, std::string_view text) {
  if (is_word(text)) {
    out += text;
    return;
  }
  out += '"';
  append_escaped(out, text);
  out += '"';
}

}  // namespace sluice::observe
