// The classes of bytes that HTTP/1 heads are made of (RFC 9110 5.5, 5.6.2; RFC 9112 3.2).
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace sluice::http {

inline constexpr uint8_t token_char = 1;   // of field names and methods
inline constexpr uint8_t value_char = 2;   // of field values: a tab, visible ASCII and spaces, all above ASCII
inline constexpr uint8_t target_char = 4;  // of targets: visible ASCII without '#'

inline constexpr auto character_classes = [] {
  std::array<uint8_t, 256> table{};
  for (size_t c = 0; c < table.size(); ++c) {
    const bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool mark = std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
    if (alphanumeric || mark) table[c] |= token_char;
    if (c == '\t' || (c >= ' ' && c != 0x7f)) table[c] |= value_char;
    if (c > ' ' && c < 0x7f && c != '#') table[c] |= target_char;
  }
  return table;
}();

inline bool is(char c, uint8_t kind) { return (character_classes[static_cast<unsigned char>(c)] & kind) != 0; }
inline bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
inline bool is_digit(char c) { return c >= '0' && c <= '9'; }

// -1 for what is no hexadecimal digit.
inline int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// To the first byte of [p, end) that is not of that kind.
inline const char* skip(const char* p, const char* end, uint8_t kind) {
  while (p != end && is(*p, kind)) ++p;
  return p;
}

// As skip(p, end, value_char), eight bytes at a time: most of a head is values.
inline const char* skip_value(const char* p, const char* end) {
  constexpr uint64_t ones = 0x0101010101010101, tops = 0x8080808080808080;
  while (end - p >= 8) {
    uint64_t word = 0;
    std::memcpy(&word, p, sizeof word);
    const uint64_t controls = (word - ones * 0x20) & ~word;
    const uint64_t dels = ((word ^ ones * 0x7f) - ones) & ~(word ^ ones * 0x7f);
    const uint64_t found = (controls | dels) & tops;  // the lowest mark is exact, those above it may be wrong
    if (found == 0) {
      p += 8;
      continue;
    }
    if constexpr (std::endian::native == std::endian::little) p += std::countr_zero(found) / 8;
    const char* const stop = skip(p, std::min(p + 8, end), value_char);  // over a tab, which is fine
    if (stop != std::min(p + 8, end)) return stop;
    p = stop;
  }
  return skip(p, end, value_char);
}

}  // namespace sluice::http
