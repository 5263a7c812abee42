#include "api/json_unescape.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>

namespace sluice::api {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

void append_utf8(std::string& out, uint32_t code) {
  auto tail = [&](unsigned shift) { out += static_cast<char>(0x80 | ((code >> shift) & 0x3F)); };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | (code >> 6));
    tail(0);
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | (code >> 12));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0 | (code >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

// The four hexadecimal digits at `at`.
std::optional<uint32_t> hex4(std::string_view text, size_t at) {
  if (at + 4 > text.size()) return std::nullopt;
  uint32_t value = 0;
  const char* begin = text.data() + at;
  const auto [end, error] = std::from_chars(begin, begin + 4, value, 16);
  if (error != std::errc() || end != begin + 4) return std::nullopt;
  return value;
}

// Appends the character of "\uXXXX" (its digits at `at`), reading the low half of a surrogate pair too. Returns the
// bytes of `text` used from `at` on; 0 if it is broken.
size_t append_code_unit(std::string& out, std::string_view text, size_t at) {
  const auto first = hex4(text, at);
  if (!first) return 0;
  if (*first >= 0xD800 && *first <= 0xDBFF && text.substr(at + 4, 2) == "\\u") {
    const auto second = hex4(text, at + 6);
    if (second && *second >= 0xDC00 && *second <= 0xDFFF) {
      append_utf8(out, 0x10000 + ((*first - 0xD800) << 10) + (*second - 0xDC00));
      return 10;
    }
  }
  if (*first >= 0xD800 && *first <= 0xDFFF) {
    out += replacement;  // half a pair
  } else {
    append_utf8(out, *first);
  }
  return 4;
}

}  // namespace

bool append_json_unescaped(std::string& out, std::string_view escaped) {
  size_t at = 0;
  while (true) {
    const size_t slash = escaped.find('\\', at);
    out.append(escaped.substr(at, slash - at));
    if (slash == std::string_view::npos) return true;
    if (slash + 1 >= escaped.size()) return false;
    at = slash + 2;
    switch (escaped[slash + 1]) {
      case '"':
        out += '"';
        break;
      case '\\':
        out += '\\';
        break;
      case '/':
        out += '/';
        break;
      case 'b':
        out += '\b';
        break;
      case 'f':
        out += '\f';
        break;
      case 'n':
        out += '\n';
        break;
      case 'r':
        out += '\r';
        break;
      case 't':
        out += '\t';
        break;
      case 'u': {
        const size_t used = append_code_unit(out, escaped, at);
        if (used == 0) return false;
        at += used;
        break;
      }
      default:
        return false;
    }
  }
}

}  // namespace sluice::api
