#include "api/provenance.h"

#include <algorithm>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace sluice::api {
namespace {

constexpr size_t max_maker_bytes = 16;

// Takes what precedes the next dot.
std::optional<std::string_view> take_field(std::string_view& rest) {
  const size_t dot = rest.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const std::string_view field = rest.substr(0, dot);
  rest.remove_prefix(dot + 1);
  return field;
}

bool is_id(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

}  // namespace

std::string wrap(const Opaque& opaque) {
  std::string out(wrap_mark);
  out += name_of(opaque.origin.dialect);
  out += '.';
  out += opaque.origin.maker;
  out += '.';
  if (is_id(opaque.id.escaped)) out += opaque.id.escaped;
  out += '.';
  out += opaque.data.escaped;
  return out;
}

Opaque unwrap(JsonText text, Dialect dialect) {
  const Opaque plain{text, {dialect, {}}, {}};
  std::string_view rest = text.escaped;
  if (!rest.starts_with(wrap_mark)) return plain;
  rest.remove_prefix(wrap_mark.size());
  const auto name = take_field(rest);
  const auto maker = name ? take_field(rest) : std::nullopt;
  const auto id = maker ? take_field(rest) : std::nullopt;
  if (!id || maker->size() > max_maker_bytes || !is_id(*maker) || !is_id(*id)) return plain;
  const std::optional<Dialect> origin = dialect_named(*name);
  if (!origin) return plain;
  return {JsonText{rest}, {*origin, std::string(*maker)}, JsonText{*id}};
}

namespace {
constexpr std::string_view unsigned_mark = "unsigned";
}  // namespace

std::string wrap_unsigned(const Origin& origin, Dialect callers) {
  if (origin.dialect == callers || origin.maker.empty()) return {};
  return wrap({JsonText{unsigned_mark}, origin, JsonText{unsigned_mark}});
}

bool is_unsigned(const Opaque& opaque) { return opaque.id.escaped == unsigned_mark && opaque.data == opaque.id; }

#if defined(__x86_64__)
namespace {

constexpr size_t lane_bytes = 32, search_step = 4 * lane_bytes;

// Of the 32 positions from `at` on, those with the mark's first byte there and its last byte `last_at` bytes later.
[[gnu::target("avx2")]] inline __m256i candidates(const char* at, size_t last_at, __m256i first, __m256i last) {
  const __m256i begins = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
  const __m256i ends = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at + last_at));
  return _mm256_and_si256(_mm256_cmpeq_epi8(begins, first), _mm256_cmpeq_epi8(ends, last));
}

// Returns where the plain search has to continue: just before `mark`, or near the end.
[[gnu::target("avx2")]] size_t search_fast(std::string_view body, std::string_view mark) {
  const size_t last_at = mark.size() - 1;
  const __m256i first = _mm256_set1_epi8(mark.front()), last = _mm256_set1_epi8(mark.back());
  size_t at = 0;
  for (; at + search_step + last_at <= body.size(); at += search_step) {
    const char* const text = body.data() + at;
    const __m256i any = _mm256_or_si256(
        _mm256_or_si256(candidates(text, last_at, first, last), candidates(text + lane_bytes, last_at, first, last)),
        _mm256_or_si256(candidates(text + 2 * lane_bytes, last_at, first, last),
                        candidates(text + 3 * lane_bytes, last_at, first, last)));
    if (_mm256_testz_si256(any, any) != 0) continue;
    if (body.substr(at, search_step + last_at).find(mark) != std::string_view::npos) return at;
  }
  return at;
}

}  // namespace
#endif

bool holds_mark(std::string_view body, std::string_view mark) {
  size_t at = 0;
#if defined(__x86_64__)
  static const bool is_fast = __builtin_cpu_supports("avx2") != 0;
  if (is_fast) at = search_fast(body, mark);
#endif
  return body.substr(at).find(mark) != std::string_view::npos;
}

}  // namespace sluice::api
