#include "api/text_units.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace sluice::api {
namespace {

constexpr uint16_t first_high = 0xD800, first_low = 0xDC00;
constexpr uint32_t basic_plane_end = 0x10000;

void append_escape(std::string& out, uint16_t unit) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += digits[(unit >> shift) & 0xF];
}

// The length of a UTF-8 sequence that begins with `lead`; an invalid lead counts as one byte.
size_t sequence_bytes(unsigned char lead) {
  if (lead < 0xC0) return 1;
  if (lead < 0xE0) return 2;
  return lead < 0xF0 ? 3 : 4;
}

bool is_space(uint16_t unit) { return unit == ' ' || unit == '\n' || unit == '\r' || unit == '\t'; }

}  // namespace

bool is_high_half(uint16_t unit) { return unit >= first_high && unit < first_low; }

uint16_t TextUnits::take_escape() {
  constexpr size_t code_bytes = 6;  // of \uXXXX
  if (at_ + 1 >= text_.size()) {
    ++at_;
    return '\\';
  }
  const char letter = text_[at_ + 1];
  if (letter == 'u') {
    uint16_t unit = 0;
    const char* const begin = text_.data() + at_ + 2;
    const size_t bytes = std::min(code_bytes, text_.size() - at_);
    std::from_chars(begin, begin + (bytes - 2), unit, 16);
    at_ += bytes;
    return unit;
  }
  at_ += 2;
  switch (letter) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return static_cast<unsigned char>(letter);
  }
}

uint16_t TextUnits::take_sequence() {
  constexpr std::array<unsigned char, 5> lead_bits = {0, 0x7F, 0x1F, 0x0F, 0x07};
  const auto lead = static_cast<unsigned char>(text_[at_]);
  const size_t bytes = std::min(sequence_bytes(lead), text_.size() - at_);
  uint32_t code = lead < 0x80 || bytes == 1 ? lead : lead & lead_bits[bytes];
  for (size_t i = 1; i < bytes; ++i) code = code << 6 | (static_cast<unsigned char>(text_[at_ + i]) & 0x3F);
  at_ += bytes;
  if (code < basic_plane_end) return static_cast<uint16_t>(code);
  code -= basic_plane_end;
  high_half_ = static_cast<uint16_t>(first_high + (code >> 10));
  low_half_ = static_cast<uint16_t>(first_low + (code & 0x3FF));
  return high_half_;
}

uint16_t TextUnits::next() {
  if (low_half_ != 0) return std::exchange(low_half_, uint16_t{0});
  whole_at_ = at_;
  return text_[at_] == '\\' ? take_escape() : take_sequence();
}

std::string TextUnits::before() const {
  if (low_half_ == 0) return std::string(text_.substr(0, at_));
  std::string walked(text_.substr(0, whole_at_));
  append_escape(walked, high_half_);
  return walked;
}

std::string TextUnits::rest() const {
  std::string left;
  if (low_half_ != 0) append_escape(left, low_half_);
  left += text_.substr(at_);
  return left;
}

uint64_t count_characters(JsonText text) {
  uint64_t count = 0;
  for (size_t at = 0; at < text.escaped.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text.escaped[at]);
    if ((byte & 0xC0) == 0x80) continue;  // a continuation byte of UTF-8
    ++count;
    if (byte != '\\') continue;
    const bool is_code = at + 1 < text.escaped.size() && text.escaped[at + 1] == 'u';
    const bool is_low_half = is_code && at + 3 < text.escaped.size() && (text.escaped[at + 2] | 0x20) == 'd' &&
                             std::string_view("cdefCDEF").find(text.escaped[at + 3]) != std::string_view::npos;
    if (is_low_half) --count;
    at += is_code ? 5 : 1;
  }
  return count;
}

size_t trimmed_bytes(std::string_view escaped) {
  size_t end = 0;
  for (TextUnits units(escaped); !units.done();) {
    const uint16_t unit = units.next();
    if (!is_high_half(unit) && !is_space(unit)) end = units.at();
  }
  return end;
}

}  // namespace sluice::api
