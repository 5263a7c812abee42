#include "base/text.h"

#include <algorithm>

namespace sluice {

std::string to_lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = to_lower(c);
  return result;
}

std::string hex(std::span<const unsigned char> bytes) {
  std::string text;
  for (const unsigned char byte : bytes) (text += hex_digits[byte >> 4]) += hex_digits[byte & 15];
  return text;
}

std::string join(std::span<const std::string_view> names, size_t max_names) {
  std::string text;
  for (const std::string_view name : names.first(std::min(names.size(), max_names))) {
    if (!text.empty()) text += ", ";
    text += name;
  }
  if (names.size() > max_names) text += " and " + std::to_string(names.size() - max_names) + " more";
  return text;
}

size_t cut_at(std::string_view text, size_t max_bytes) {
  if (text.size() <= max_bytes) return text.size();
  size_t at = max_bytes;
  for (size_t back = 0; back < 3 && at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80; ++back) --at;
  return at;
}

std::string_view without_torn_end(std::string_view text) {
  for (size_t back = 1; back <= 3 && back <= text.size(); ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if ((byte & 0xC0) == 0x80) continue;  // a continuation byte
    const size_t bytes = byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
    return bytes > back ? text.substr(0, text.size() - back) : text;
  }
  return text;
}

}  // namespace sluice
