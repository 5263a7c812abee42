#include "api/frame_words.h"

#include <algorithm>
#include <bit>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace sluice::api {
namespace {

const char* skip_spaces(const char* at, const char* end) {
  while (at != end && (*at == ' ' || *at == '\t')) ++at;
  return at;
}

// The length of their common prefix.
size_t common_bytes(std::string_view a, std::string_view b) {
  const size_t least = std::min(a.size(), b.size());
  size_t same = 0;
  for (; same + sizeof(uint64_t) <= least; same += sizeof(uint64_t)) {
    uint64_t of_a = 0, of_b = 0;
    std::memcpy(&of_a, a.data() + same, sizeof of_a);
    std::memcpy(&of_b, b.data() + same, sizeof of_b);
    if (of_a != of_b) break;
  }
  while (same < least && a[same] == b[same]) ++same;
  return same;
}

}  // namespace

FrameWords::FrameWords(const std::array<std::string_view, 4>& words) : words_(words) {
  for (size_t i = 0; i < words_.size(); ++i) letters_[i] = words_[i][1];
}

// The word at `quote`, or "".
std::string_view FrameWords::word_at(const char* quote, const char* end) const {
  const std::string_view text(quote, static_cast<size_t>(end - quote));
  if (text.size() < 3) return {};
  for (const std::string_view word : words_) {
    if (word[1] == text[1] && word[2] == text[2] && text.starts_with(word)) return word;
  }
  return {};
}

// Notes a word at `quote`, if there is one. The line is worth reading unless the word is a key of null or false.
void FrameWords::note(const char* quote, const char* end, Found& found) const {
  const std::string_view word = word_at(quote, end);
  if (word.empty()) return;
  if (found.word == nullptr) found.word = quote;
  const char* at = skip_spaces(quote + word.size(), end);
  if (at != end && *at == ':') {
    at = skip_spaces(at + 1, end);
    if (at != end && (*at == 'n' || *at == 'f')) return;
  }
  found.line.worth = true;
}

FrameWords::Line FrameWords::look(const char* begin, const char* end) {
  const auto size = static_cast<size_t>(end - begin);
  // The comparison includes the next byte, a quote, where a word may begin.
  if (known_ != 0 && size > known_ && std::memcmp(begin, opening_.data(), known_ + 1u) == 0) {
    return look_from(begin + known_, end).line;
  }
  const Found found = look_from(begin, end);
  if (tries_ != 0) {
    const char* const wordless_end = found.word != nullptr ? found.word + 1 : found.line.end;
    const auto wordless = static_cast<size_t>(wordless_end - begin);
    if (wordless >= 2 * least_known) learn({begin, std::min(wordless, opening_.size())});
  }
  return found.line;
}

// What two lines have in common at their beginning is expected of the others. `line` ends at its first word's quote.
void FrameWords::learn(std::string_view line) {
  --tries_;
  const std::string_view both(opening_.data(), common_bytes(line, {opening_.data(), seen_}));
  const size_t last_quote = both.rfind('"');  // where a word may begin
  if (last_quote != both.npos && last_quote >= least_known) {
    known_ = static_cast<uint8_t>(last_quote);
    seen_ = static_cast<uint8_t>(both.size());
    return;
  }
  known_ = 0;
  seen_ = static_cast<uint8_t>(line.size());
  std::memcpy(opening_.data(), line.data(), line.size());
}

FrameWords::Found FrameWords::look_from(const char* begin, const char* end) const {
  Found found{{begin, false}, nullptr};
  const char*& at = found.line.end;
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i lf = _mm_set1_epi8('\n');
  const __m128i cr = _mm_set1_epi8('\r');
  const __m128i letters[] = {_mm_set1_epi8(letters_[0]), _mm_set1_epi8(letters_[1]), _mm_set1_epi8(letters_[2]),
                             _mm_set1_epi8(letters_[3])};
  for (; end - at > 16; at += 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i next = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + 1));
    const __m128i ends = _mm_or_si128(_mm_cmpeq_epi8(block, lf), _mm_cmpeq_epi8(block, cr));
    const __m128i low = _mm_or_si128(_mm_cmpeq_epi8(next, letters[0]), _mm_cmpeq_epi8(next, letters[1]));
    const __m128i high = _mm_or_si128(_mm_cmpeq_epi8(next, letters[2]), _mm_cmpeq_epi8(next, letters[3]));
    const __m128i first = _mm_or_si128(low, high);
    const __m128i hits = _mm_or_si128(ends, _mm_and_si128(_mm_cmpeq_epi8(block, quote), first));
    for (auto mask = static_cast<unsigned>(_mm_movemask_epi8(hits)); mask != 0; mask &= mask - 1) {
      const char* const hit = at + std::countr_zero(mask);
      if (*hit != '"') {
        at = hit;
        return found;
      }
      note(hit, end, found);
    }
  }
#endif
  for (; at != end && *at != '\n' && *at != '\r'; ++at) {
    if (*at == '"') note(at, end, found);
  }
  return found;
}

}  // namespace sluice::api
