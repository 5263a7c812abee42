// The classes of bytes that HTTP/1 heads are made of (RFC 9110 5.5, 5.6.2; RFC 9112 3.2).
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace sluice::http {

inline constexpr uint8_t token_char = 1;   // of field names and methods
inline constexpr uint8_t value_char = 2;   // of field values: a tab, visible ASCII and spaces, all above ASCII
inline constexpr uint8_t target_char = 4;  // of request targets: RFC 3986's, and the brackets that queries often
                                           // contain

inline constexpr auto character_classes = [] {
  std::array<uint8_t, 256> table{};
  for (size_t c = 0; c < table.size(); ++c) {
    const bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool mark = std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
    if (alphanumeric || mark) table[c] |= token_char;
    if (c == '\t' || (c >= ' ' && c != 0x7f)) table[c] |= value_char;
    const bool foreign = std::string_view("\"#<>\\^`{|}").find(static_cast<char>(c)) != std::string_view::npos;
    if (c > ' ' && c < 0x7f && !foreign) table[c] |= target_char;
  }
  return table;
}();

inline bool is(char c, uint8_t kind) { return (character_classes[static_cast<unsigned char>(c)] & kind) != 0; }
inline bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
inline bool is_digit(char c) { return c >= '0' && c <= '9'; }

// -1 for a byte that is not a hexadecimal digit.
inline int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Returns the first byte of [p, end) that is not of `kind`, or `end`.
inline const char* skip(const char* p, const char* end, uint8_t kind) {
  while (p != end && is(*p, kind)) ++p;
  return p;
}

// As skip(p, end, token_char), 16 bytes at a time: nearly all names are letters, digits and dashes.
inline const char* skip_name(const char* p, const char* end) {
#if defined(__SSE2__)
  // Whether each byte is in [first, first + count), unsigned: SSE2 has signed comparisons only.
  const auto in_range = [](__m128i bytes, char first, int count) {
    return _mm_cmplt_epi8(_mm_add_epi8(bytes, _mm_set1_epi8(static_cast<char>(-128 - first))),
                          _mm_set1_epi8(static_cast<char>(-128 + count)));
  };
  while (end - p >= 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i letters = in_range(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), 'a', 26);
    const __m128i others = _mm_or_si128(in_range(bytes, '0', 10), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('-')));
    const auto usual = static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(letters, others)));
    if (usual == 0xffff) {
      p += 16;
      continue;
    }
    p += std::countr_one(usual);
    if (!is(*p, token_char)) return p;
    ++p;
  }
#endif
  return skip(p, end, token_char);
}

// As skip(p, end, value_char), 16 bytes at a time: most of a head is values.
inline const char* skip_value(const char* p, const char* end) {
#if defined(__SSE2__)
  while (end - p >= 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i controls = _mm_cmplt_epi8(_mm_add_epi8(bytes, _mm_set1_epi8(-128)), _mm_set1_epi8(-128 + 0x20));
    const __m128i dels = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f));
    const auto found = static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(controls, dels)));
    if (found == 0) {
      p += 16;
      continue;
    }
    p += std::countr_zero(found);
    if (*p != '\t') return p;
    ++p;
  }
#endif
  return skip(p, end, value_char);
}

}  // namespace sluice::http
