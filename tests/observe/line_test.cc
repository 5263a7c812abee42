#include "observe/line.h"

#include <catch2/catch.hpp>
#include <vector>

#include "base/json_writer.h"

namespace sluice::observe {
namespace {

TEST_CASE("nothing that breaks a line stays in it") {
  struct Row {
    std::string text, escaped, word;
  };
  const std::vector<Row> rows = {
      {"plain-word/1.0:8", "plain-word/1.0:8", "plain-word/1.0:8"},
      {"", "", "\"\""},
      {"two words", "two words", "\"two words\""},
      {"a=b", "a=b", "\"a=b\""},
      {"\"", "\\\"", "\"\\\"\""},
      {"back\\slash", "back\\\\slash", "\"back\\\\slash\""},
      {"a\nb", "a\\nb", "\"a\\nb\""},
      {"a\r\n2026-01-01T00:00:00.000Z info forged", "a\\r\\n2026-01-01T00:00:00.000Z info forged",
       "\"a\\r\\n2026-01-01T00:00:00.000Z info forged\""},
      {"\t", "\\t", "\"\\t\""},
      {std::string("\0", 1), "\\u0000", "\"\\u0000\""},
      {"\x1b[2J", "\\u001b[2J", "\"\\u001b[2J\""},
      {"\x7f", "\\u007f", "\"\\u007f\""},
      {"\xc3\xa9", "\xc3\xa9", "\"\xc3\xa9\""},
      {"\xc2\x9b"
       "2J",
       "\\u009b2J", "\"\\u009b2J\""},
      {"\xc2\xa0", "\xc2\xa0", "\"\xc2\xa0\""},
      {"\xe2\x80\xa8", "\\u2028", "\"\\u2028\""},
      {"\xe2\x80\xa9", "\\u2029", "\"\\u2029\""},
      {"\xe2\x80\xaa", "\xe2\x80\xaa", "\"\xe2\x80\xaa\""},
      {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80", "\"\xf0\x9f\x98\x80\""},
      {"a\xff"
       "b",
       "a\xef\xbf\xbd"
       "b",
       "\"a\xef\xbf\xbd"
       "b\""},
      {"cut \xe2\x82", "cut \xef\xbf\xbd\xef\xbf\xbd", "\"cut \xef\xbf\xbd\xef\xbf\xbd\""},
  };
  for (const Row& row : rows) {
    std::string escaped, word;
    append_json_escaped(escaped, row.text);
    append_word(word, row.text);
    CHECK(escaped == row.escaped);
    CHECK(word == row.word);
    CHECK(is_word(row.text) == (row.word == row.text));
  }
}

TEST_CASE("a word's letters are looked at wherever they stand") {
  for (size_t size = 1; size <= 40; ++size) {
    for (size_t at = 0; at < size; ++at) {
      for (int c = 0; c < 256; ++c) {
        std::string text(size, 'x');
        text[at] = static_cast<char>(c);
        const bool visible = c > 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '=';
        if (is_word(text) != visible) FAIL("byte " << c << " at " << at << " of " << size);
      }
    }
  }
}

}  // namespace
}  // namespace sluice::observe
