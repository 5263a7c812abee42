#include "observe/line.h"

#include <algorithm>
#include <array>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "base/json_writer.h"

namespace sluice::observe {
namespace {

// Characters of a plain word: visible ASCII that needs no escaping and is no separator.
constexpr auto word_chars = [] {
  std::array<bool, 256> table{};
  for (size_t c = 0x21; c < 0x7f; ++c) table[c] = c != '"' && c != '\\' && c != '=';
  return table;
}();

#if defined(__SSE2__)
bool are_word_chars(__m128i bytes) {
  // In [0x21, 0x7e], unsigned, with what SSE2 has: a signed comparison.
  const __m128i visible = _mm_cmplt_epi8(_mm_add_epi8(bytes, _mm_set1_epi8(0x80 - 0x21)), _mm_set1_epi8(-128 + 0x5e));
  const __m128i quotes =
      _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('=')));
  const __m128i others = _mm_or_si128(quotes, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
  return _mm_movemask_epi8(_mm_andnot_si128(others, visible)) == 0xffff;
}
__m128i eight_at(const char* at) { return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(at)); }
__m128i sixteen_at(const char* at) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at)); }
#endif

}  // namespace

bool is_word(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
#if defined(__SSE2__)
  if (text.size() >= 16) {
    for (; end - at > 16; at += 16) {
      if (!are_word_chars(sixteen_at(at))) return false;
    }
    return are_word_chars(sixteen_at(end - 16));  // may overlap with the bytes before
  }
  if (text.size() >= 8) return are_word_chars(_mm_unpacklo_epi64(eight_at(at), eight_at(end - 8)));
#endif
  return !text.empty() && std::all_of(at, end, [](char c) { return word_chars[static_cast<unsigned char>(c)]; });
}

void append_word(std::string& out, std::string_view text) {
  if (is_word(text)) {
    out += text;
  } else {
    append_json_string(out, text);
  }
}

}  // namespace sluice::observe
