// Small text helpers: trimming, joining, hexadecimal digits, lower case, cutting.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace sluice {

inline constexpr std::string_view blanks = " \t";               // between the words of a header field
inline constexpr std::string_view white_space = " \t\r\n\v\f";  // ASCII's

// Removes the characters of `what` from both ends. Returns a view of `text`.
constexpr std::string_view trim(std::string_view text, std::string_view what = blanks) {
  const size_t first = text.find_first_not_of(what);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(what) - first + 1);
}

// ASCII only, whatever the locale.
constexpr char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }
std::string to_lower(std::string_view text);

inline constexpr std::string_view hex_digits = "0123456789abcdef";
// Two lower-case digits per byte.
std::string hex(std::span<const unsigned char> bytes);

// "a, b, c"; beyond `max_names` " and 12 more".
std::string join(std::span<const std::string_view> names, size_t max_names = 100);

// Where to cut `text` so that at most `max_bytes` are left and no UTF-8 sequence is split.
size_t cut_at(std::string_view text, size_t max_bytes);
// `text`, cut to at most `max_bytes` without splitting a UTF-8 sequence.
inline std::string_view cut_to(std::string_view text, size_t max_bytes) {
  return text.substr(0, cut_at(text, max_bytes));
}
// Drops an incomplete UTF-8 sequence at the end.
std::string_view without_torn_end(std::string_view text);

}  // namespace sluice
