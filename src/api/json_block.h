// Scans JSON text 64 bytes at a time, one bit per byte, as simdjson does (Langdale and Lemire, "Parsing Gigabytes of
// JSON per Second", 2019, 3.1): finds which bytes open or close an object or array outside strings.
#pragma once

#include <bit>
#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace sluice::api {

// The first quote or backslash in [begin, end), or `end`.
inline const char* find_quote_or_backslash(const char* begin, const char* end) {
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  for (; end - begin >= 16; begin += 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(begin));
    const __m128i hits = _mm_or_si128(_mm_cmpeq_epi8(block, quote), _mm_cmpeq_epi8(block, backslash));
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(hits));
    if (mask != 0) return begin + std::countr_zero(mask);
  }
#endif
  while (begin != end && *begin != '"' && *begin != '\\') ++begin;
  return begin;
}

// The first byte in [begin, end) that is a quote, a backslash, a control character or not ASCII, or `end`.
inline const char* find_not_plain(const char* begin, const char* end) {
#if defined(__SSE2__)
  const __m128i space = _mm_set1_epi8(' ');
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  for (; end - begin >= 16; begin += 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(begin));
    const __m128i ends = _mm_or_si128(_mm_cmpeq_epi8(block, quote), _mm_cmpeq_epi8(block, backslash));
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(_mm_cmplt_epi8(block, space), ends)));
    if (mask != 0) return begin + std::countr_zero(mask);
  }
#endif
  while (begin != end && static_cast<signed char>(*begin) >= ' ' && *begin != '\\' && *begin != '"') ++begin;
  return begin;
}

// Returns the bytes of a block that are escaped: those after an odd run of backslashes. `escaped`: whether the block
// before ended with a backslash that escapes this block's first byte; afterwards, whether this one ends so.
inline uint64_t escaped_bytes(uint64_t backslashes, bool& escaped) {
  const uint64_t carried = escaped ? 1 : 0;
  if (backslashes == 0) {
    escaped = false;
    return carried;
  }
  constexpr uint64_t even = 0x5555555555555555;
  backslashes &= ~carried;
  const uint64_t follows = backslashes << 1 | carried;
  const uint64_t odd_starts = backslashes & ~even & ~follows;
  const uint64_t sum = odd_starts + backslashes;
  escaped = sum < backslashes;
  return (even ^ (sum << 1)) & follows;
}

// A block whose first byte lies within a string.
struct JsonStringBlock {
  static constexpr size_t size = 64;

  // `text`: 64 bytes. `escaped`: see escaped_bytes.
  JsonStringBlock(const char* text, bool& escaped) {
    uint64_t all_quotes = 0, backslashes = 0, letters = 0;
#if defined(__SSE2__)
    for (unsigned i = 0; i < 4; ++i) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + 16 * i));
      auto mask = [i](__m128i hits) {
        return static_cast<uint64_t>(static_cast<unsigned>(_mm_movemask_epi8(hits))) << (16 * i);
      };
      auto equal = [bytes](char c) { return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)); };
      all_quotes |= mask(equal('"'));
      backslashes |= mask(equal('\\'));
      letters |= mask(_mm_or_si128(equal('n'), equal('t')));
      not_plain |= mask(_mm_cmplt_epi8(bytes, _mm_set1_epi8(' ')));
    }
#else
    for (unsigned i = 0; i < size; ++i) {
      const uint64_t bit = uint64_t{1} << i;
      if (text[i] == '"') all_quotes |= bit;
      if (text[i] == '\\') backslashes |= bit;
      if (text[i] == 'n' || text[i] == 't') letters |= bit;
      if (static_cast<signed char>(text[i]) < ' ') not_plain |= bit;
    }
#endif
    const uint64_t escapes = escaped_bytes(backslashes, escaped);
    quotes = all_quotes & ~escapes;
    rare_escapes = escapes & ~(all_quotes | backslashes | letters);
  }

  uint64_t quotes;         // those that are not escaped
  uint64_t not_plain = 0;  // control characters and bytes beyond ASCII
  uint64_t rare_escapes;   // escaped bytes other than a quote, a backslash, n and t
};

struct JsonBlock {
  static constexpr size_t size = 64;

  // `text`: 64 bytes. `in_string`, `escaped`: how the previous block ended.
  JsonBlock(const char* text, bool in_string, bool escaped) {
    uint64_t quotes = 0;
    uint64_t backslashes = 0;
    load(text, quotes, backslashes);
    quotes &= ~escaped_bytes(backslashes, escaped);
    ends_escaped = escaped;
    uint64_t strings = prefix_xor(quotes);
    if (in_string) strings = ~strings;
    opens &= ~strings;
    closes &= ~strings;
    ends_in_string = (strings >> 63) != 0;
  }

  uint64_t opens = 0;
  uint64_t closes = 0;
  bool ends_in_string;
  bool ends_escaped;  // the block's last byte escapes the next one

 private:
  void load(const char* text, uint64_t& quotes, uint64_t& backslashes) {
#if defined(__SSE2__)
    const __m128i case_bit = _mm_set1_epi8(0x20);  // makes '[' into '{' and ']' into '}'
    for (unsigned i = 0; i < 4; ++i) {
      const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + 16 * i));
      const __m128i folded = _mm_or_si128(block, case_bit);
      auto equal = [i](__m128i bytes, char c) {
        const int mask = _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)));
        return static_cast<uint64_t>(static_cast<unsigned>(mask)) << (16 * i);
      };
      quotes |= equal(block, '"');
      backslashes |= equal(block, '\\');
      opens |= equal(folded, '{');
      closes |= equal(folded, '}');
    }
#else
    for (unsigned i = 0; i < size; ++i) {
      const uint64_t bit = uint64_t{1} << i;
      const char c = text[i];
      if (c == '"') quotes |= bit;
      if (c == '\\') backslashes |= bit;
      if (c == '{' || c == '[') opens |= bit;
      if (c == '}' || c == ']') closes |= bit;
    }
#endif
  }

  // Bit i is set if an odd number of the bits 0 to i is set: from each opening quote to just before its closing one.
  static uint64_t prefix_xor(uint64_t bits) {
    for (unsigned shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
    return bits;
  }
};

}  // namespace sluice::api
