#include "observe/line.h"

#include <algorithm>
#include <array>

#include "base/json_writer.h"

namespace sluice::observe {
namespace {

// Of a word: visible ASCII that needs no escaping and divides nothing.
constexpr auto word_chars = [] {
  std::array<bool, 256> table{};
  for (size_t c = 0x21; c < 0x7f; ++c) table[c] = c != '"' && c != '\\' && c != '=';
  return table;
}();

}  // namespace

bool is_word(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return word_chars[static_cast<unsigned char>(c)]; });
}

void append_word(std::string& out, std::string_view text) {
  if (is_word(text)) {
    out += text;
  } else {
    append_json_string(out, text);
  }
}

}  // namespace sluice::observe
