#include "api/json_cursor.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#include "api/json_block.h"
#include "net/stream.h"

namespace sluice::api {

static_assert(net::read_padding_bytes >= JsonBlock::size);

namespace {
bool is_digit(char c) { return c >= '0' && c <= '9'; }
}  // namespace

bool is_escaped(const char* begin, const char* at) {
  const char* first = at;
  while (first != begin && first[-1] == '\\') --first;
  return ((at - first) & 1) != 0;
}

// Most strings are short, and memchr is the fastest way through long ones without quotes. A string with an escaped
// quote is likely to have many, as source code does.
const char* find_string_end(const char* at, const char* end) {
  constexpr std::ptrdiff_t short_bytes = 32;
  const char* const near = at + std::min(end - at, short_bytes);
  at = find_quote_or_backslash(at, near);
  if (at != near && *at == '"') return at;
  const void* const found = std::memchr(at, '"', static_cast<size_t>(end - at));
  if (found == nullptr) return end;
  const char* const quote = static_cast<const char*>(found);
  if (!is_escaped(at, quote)) return quote;
  at = quote + 1;
  bool escaped = false;
  for (; end - at >= static_cast<std::ptrdiff_t>(JsonStringBlock::size); at += JsonStringBlock::size) {
    const JsonStringBlock block(at, escaped);
    if (block.quotes != 0) return at + std::countr_zero(block.quotes);
  }
  for (; at != end; ++at) {
    if (escaped) {
      escaped = false;
    } else if (*at == '"') {
      return at;
    } else {
      escaped = *at == '\\';
    }
  }
  return end;
}

std::optional<std::string_view> JsonCursor::take_string() {
  if (next() != '"') return std::nullopt;
  const char* const text = at_ + 1;
  const char* const quote = find_string_end(text, end_);
  if (quote == end_) return std::nullopt;
  at_ = quote + 1;
  return std::string_view(text, static_cast<size_t>(quote - text));
}

std::optional<std::string_view> JsonCursor::take_value() {
  const char first = next();
  const char* const begin = at_;
  bool whole = false;
  if (first == '"') {
    whole = take_string().has_value();
  } else if (first == '{' || first == '[') {
    whole = skip_nested();
  } else {
    whole = skip_scalar();
  }
  if (!whole) return std::nullopt;
  return std::string_view(begin, static_cast<size_t>(at_ - begin));
}

bool JsonCursor::skip_scalar() {
  const char* const begin = at_;
  while (at_ != end_ && *at_ != ',' && *at_ != '}' && *at_ != ']' && static_cast<unsigned char>(*at_) > ' ') ++at_;
  const std::string_view text(begin, static_cast<size_t>(at_ - begin));
  if (text.empty()) return false;
  const bool may_be_word = text.size() == 4 || text.size() == 5;
  if (may_be_word && (text == "true" || text == "false" || text == "null")) return true;
  if (text[0] != '-' && !is_digit(text[0])) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_digit(c) || c == '.' || c == '-' || c == '+' || c == 'e' || c == 'E'; });
}

// Moves from an opening bracket to behind the one that closes it.
bool JsonCursor::skip_nested() {
  uint64_t depth = 0;
  bool in_string = false, escaped = false;
  while (at_ < end_) {
    if (in_string) {  // which may be long
      if (escaped) ++at_;
      escaped = false;
      at_ = find_string_end(std::min(at_, end_), end_);
      if (at_ == end_) return false;
      in_string = false;
      ++at_;
      continue;
    }
    // Bytes behind the end are read too, but masked out.
    const JsonBlock block(at_, in_string, escaped);
    const auto left = static_cast<uint64_t>(end_ - at_);
    const uint64_t ours = left >= JsonBlock::size ? ~uint64_t{0} : (uint64_t{1} << left) - 1;
    for (uint64_t brackets = (block.opens | block.closes) & ours; brackets != 0; brackets &= brackets - 1) {
      const uint64_t lowest = brackets & (~brackets + 1);
      if ((block.opens & lowest) != 0) {
        ++depth;
      } else if (--depth == 0) {
        at_ += std::countr_zero(lowest) + 1;
        return true;
      }
    }
    if (left < JsonBlock::size) break;
    in_string = block.ends_in_string;
    escaped = block.ends_escaped;
    at_ += JsonBlock::size;
  }
  at_ = end_;
  return false;
}

JsonStep next_member(JsonCursor& cursor, bool& first, std::string_view& key) {
  if (first) {
    first = false;
    if (cursor.take('}')) return JsonStep::end;
  } else if (!cursor.take(',')) {
    return cursor.take('}') ? JsonStep::end : JsonStep::broken;
  }
  const std::optional<std::string_view> name = cursor.take_string();
  if (!name || !cursor.take(':')) return JsonStep::broken;
  key = *name;
  return JsonStep::member;
}

JsonStep next_element(JsonCursor& cursor, bool& first) {
  if (first) {
    first = false;
    return cursor.take(']') ? JsonStep::end : JsonStep::member;
  }
  if (cursor.take(',')) return JsonStep::member;
  return cursor.take(']') ? JsonStep::end : JsonStep::broken;
}

}  // namespace sluice::api
