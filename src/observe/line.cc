#include "observe/line.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "base/json_writer.h"

namespace sluice::observe {
namespace {

// Of a word: visible ASCII that needs no escaping and divides nothing.
constexpr auto word_chars = [] {
  std::array<bool, 256> table{};
  for (size_t c = 0x21; c < 0x7f; ++c) table[c] = c != '"' && c != '\\' && c != '=';
  return table;
}();

inline bool are_eight_word_chars(const char* at) {
  constexpr uint64_t ones = 0x0101010101010101, tops = ones * 0x80;
  uint64_t bytes = 0;
  std::memcpy(&bytes, at, sizeof bytes);
  // The top bit of each byte that is zero; a byte above one that is may seem to be so, too.
  const auto zeros = [](uint64_t of) { return (of - ones) & ~of & tops; };
  const uint64_t below_visible = (bytes - ones * 0x21) & ~bytes & tops;
  return ((bytes & tops) | below_visible | zeros(bytes ^ ones * 0x7f) | zeros(bytes ^ ones * '"') |
          zeros(bytes ^ ones * '\\') | zeros(bytes ^ ones * '=')) == 0;
}

}  // namespace

bool is_word(std::string_view text) {
  if (text.size() < sizeof(uint64_t)) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return word_chars[static_cast<unsigned char>(c)]; });
  }
  const char* const last = text.data() + text.size() - sizeof(uint64_t);
  for (const char* at = text.data(); at < last; at += sizeof(uint64_t)) {
    if (!are_eight_word_chars(at)) return false;
  }
  return are_eight_word_chars(last);  // some bytes once more, maybe
}

void append_word(std::string& out, std::string_view text) {
  if (is_word(text)) {
    out += text;
  } else {
    append_json_string(out, text);
  }
}

}  // namespace sluice::observe
