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

}  // namespace

FrameWords::FrameWords(const std::array<std::string_view, 4>& words) : words_(words) {
  for (size_t i = 0; i < words_.size(); ++i) letters_[i] = words_[i][1];
}

// The word that stands at `quote`, or "".
std::string_view FrameWords::word_at(const char* quote, const char* end) const {
  const std::string_view text(quote, static_cast<size_t>(end - quote));
  if (text.size() < 3) return {};
  for (const std::string_view word : words_) {
    if (word[1] == text[1] && word[2] == text[2] && text.starts_with(word)) return word;
  }
  return {};
}

// Whether a word stands at `quote` and is no key of null or false.
bool FrameWords::is_word(const char* quote, const char* end) const {
  const std::string_view word = word_at(quote, end);
  if (word.empty()) return false;
  const char* at = skip_spaces(quote + word.size(), end);
  if (at == end || *at != ':') return true;
  at = skip_spaces(at + 1, end);
  return at == end || (*at != 'n' && *at != 'f');
}

FrameWords::Line FrameWords::look(const char* begin, const char* end) {
  const auto size = static_cast<size_t>(end - begin);
  // With the quote behind it: a word that began before would go on there.
  if (known_ != 0 && size > known_ && std::memcmp(begin, opening_.data(), known_ + 1u) == 0) {
    return look_from(begin + known_, end);
  }
  const Line line = look_from(begin, end);
  const auto line_bytes = static_cast<size_t>(line.end - begin);
  if (tries_ != 0 && line_bytes >= 2 * least_known) learn({begin, std::min(line_bytes, opening_.size())});
  return line;
}

// Two lines that begin alike tell what the others will begin with.
void FrameWords::learn(std::string_view line) {
  --tries_;
  const auto differs = std::mismatch(line.begin(), line.end(), opening_.begin(), opening_.begin() + seen_);
  const size_t same = std::min<size_t>(static_cast<size_t>(differs.first - line.begin()), seen_);
  const size_t wordless = wordless_of({opening_.data(), same});
  known_ = wordless >= least_known ? static_cast<uint8_t>(wordless) : uint8_t{0};
  seen_ = static_cast<uint8_t>(known_ != 0 ? same : line.size());
  if (known_ == 0) std::memcpy(opening_.data(), line.data(), line.size());
}

// How much of `text` a look may leave out: up to the first word in it, and to the last quote, where one may begin.
size_t FrameWords::wordless_of(std::string_view text) const {
  size_t found = 0;
  for (size_t at = text.find('"'); at != text.npos; at = text.find('"', at + 1)) {
    found = at;
    if (!word_at(text.data() + at, text.data() + text.size()).empty()) break;
  }
  return found;
}

FrameWords::Line FrameWords::look_from(const char* begin, const char* end) const {
  Line line{begin, false};
  const char*& at = line.end;
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
        return line;
      }
      line.worth = line.worth || is_word(hit, end);
    }
  }
#endif
  for (; at != end && *at != '\n' && *at != '\r'; ++at) {
    if (*at == '"') line.worth = line.worth || is_word(at, end);
  }
  return line;
}

}  // namespace sluice::api
