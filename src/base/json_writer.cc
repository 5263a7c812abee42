#include "base/json_writer.h"

#include <array>
#include <cstdint>
#include <cstring>

namespace sluice {
namespace {

enum class Kind : unsigned char {
  plain,    // written unchanged
  special,  // control character, quote or backslash
  high,     // part of a longer UTF-8 sequence
};

constexpr std::array<Kind, 256> kinds = [] {
  std::array<Kind, 256> table{};
  for (size_t i = 0; i < 0x20; ++i) table[i] = Kind::special;
  table[0x7f] = table['"'] = table['\\'] = Kind::special;
  for (size_t i = 0x80; i < 256; ++i) table[i] = Kind::high;
  return table;
}();

Kind kind_of(char c) { return kinds[static_cast<unsigned char>(c)]; }

void append_unicode_escape(std::string& out, unsigned code) {
  constexpr std::string_view hex = "0123456789abcdef";
  const char text[] = {'\\', 'u', hex[code >> 12 & 15], hex[code >> 8 & 15], hex[code >> 4 & 15], hex[code & 15]};
  out.append(text, sizeof text);
}

void append_special(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      append_unicode_escape(out, static_cast<unsigned char>(c));
  }
}

// Appends the sequence at the start of `text` and returns its size in bytes.
size_t append_high(std::string& out, std::string_view text) {
  const size_t size = utf8_sequence_bytes(text);
  if (size == 0) {
    out += "\xef\xbf\xbd";
    return 1;
  }
  const auto byte = [text](size_t i) { return static_cast<unsigned char>(text[i]); };
  // Terminals and some line readers treat these as control characters and line ends.
  if (size == 2 && byte(0) == 0xc2 && byte(1) < 0xa0) {
    append_unicode_escape(out, byte(1));
  } else if (text.starts_with("\xe2\x80\xa8") || text.starts_with("\xe2\x80\xa9")) {
    append_unicode_escape(out, 0x2028u | (byte(2) & 1u));
  } else {
    out.append(text.substr(0, size));
  }
  return size;
}

// Whether eight bytes are all ASCII and need no escaping, in one step: the result is in each byte's highest bit.
bool all_plain(const char* eight) {
  constexpr uint64_t ones = 0x0101010101010101ull, highs = 0x8080808080808080ull;
  uint64_t bytes = 0;
  std::memcpy(&bytes, eight, sizeof bytes);
  const auto equal = [bytes](unsigned char c) {
    const uint64_t difference = bytes ^ (ones * c);
    return (difference - ones) & ~difference;
  };
  const uint64_t control = (bytes - ones * 0x20) & ~bytes;
  return ((bytes | control | equal('"') | equal('\\') | equal(0x7f)) & highs) == 0;
}

}  // namespace

size_t utf8_sequence_bytes(std::string_view text) {
  const auto byte = [text](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const size_t size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (text.size() < size) return 0;
  // The second byte's range excludes overlong forms, surrogates and code points above U+10FFFF.
  const unsigned char low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const unsigned char high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  if (byte(1) < low || byte(1) > high) return 0;
  for (size_t i = 2; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  return size;
}

bool is_plain_json(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  if (text.size() < 8) {
    for (; at != end; ++at) {
      if (kind_of(*at) != Kind::plain) return false;
    }
    return true;
  }
  for (; end - at >= 8; at += 8) {
    if (!all_plain(at)) return false;
  }
  return all_plain(end - 8);  // the rest; may overlap bytes already checked
}

void append_json_escaped(std::string& out, std::string_view text) {
  size_t begin = 0;  // of what has not been appended yet
  for (size_t i = 0; i < text.size();) {
    const Kind kind = kind_of(text[i]);
    if (kind == Kind::plain) {
      ++i;
      continue;
    }
    out.append(text, begin, i - begin);
    if (kind == Kind::special)
      append_special(out, text[i++]);
    else
      i += append_high(out, text.substr(i));
    begin = i;
  }
  out.append(text, begin);
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  append_json_escaped(out, text);
  out += '"';
}

// The last character shows whether a comma is due: none after an opening bracket, a colon or a line break.
void JsonWriter::divide() {
  if (out_.size() == start_) return;
  const char last = out_.back();
  if (last != '{' && last != '[' && last != ':' && last != '\n') out_ += ',';
}

JsonWriter& JsonWriter::open(char bracket) {
  divide();
  out_ += bracket;
  return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
  out_ += bracket;
  return *this;
}

JsonWriter& JsonWriter::line() {
  divide();
  out_ += '\n';
  return *this;
}

JsonWriter& JsonWriter::line_end() {
  out_ += '\n';
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  divide();
  append_json_string(out_, name);
  out_ += ':';
  return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
  divide();
  append_json_string(out_, text);
  return *this;
}

JsonWriter& JsonWriter::raw(std::string_view json) {
  divide();
  out_ += json;
  return *this;
}

}  // namespace sluice
