#include "base/json_writer.h"

#include <catch2/catch.hpp>
#include <vector>

namespace sluice {
namespace {

TEST_CASE("what needs escaping is seen at every place") {
  for (size_t size = 1; size <= 33; ++size) {
    CHECK(is_plain_json(std::string(size, 'a')));
    for (size_t at = 0; at < size; ++at) {
      for (int c = 0; c < 256; ++c) {
        std::string text(size, 'a'), escaped;
        text[at] = static_cast<char>(c);
        append_json_escaped(escaped, text);
        const bool plain = escaped == text && c < 0x80;
        if (is_plain_json(text) != plain) FAIL_CHECK("byte " << c << " at " << at << " of " << size);
      }
    }
  }
  CHECK(is_plain_json(""));
}

TEST_CASE("UTF-8 sequences") {
  struct Row {
    std::string text;
    size_t bytes;
  };
  for (const Row& row : std::vector<Row>{{"a", 1},
                                         {"\xc2\x80", 2},
                                         {"\xc1\xbf", 0},  // overlong
                                         {"\xc3", 0},      // cut
                                         {"\xe0\xa0\x80", 3},
                                         {"\xe0\x9f\xbf", 0},  // overlong
                                         {"\xed\x9f\xbf", 3},
                                         {"\xed\xa0\x80", 0},  // surrogate
                                         {"\xf0\x90\x80\x80", 4},
                                         {"\xf0\x8f\xbf\xbf", 0},  // overlong
                                         {"\xf4\x8f\xbf\xbf", 4},
                                         {"\xf4\x90\x80\x80", 0},  // above U+10FFFF
                                         {"\xf5\x80\x80\x80", 0},
                                         {"\xe2\x82z", 0},
                                         {"\x80", 0}}) {
    CAPTURE(row.text);
    CHECK(utf8_sequence_bytes(row.text) == row.bytes);
  }
}

TEST_CASE("the writer sets the commas") {
  std::string text = "data: ";
  JsonWriter out(text);
  out.object().member("s", "a\"b").member("n", 7u).member("i", -1).member("t", true).member("null", nullptr);
  out.member("none", std::optional<uint64_t>()).member("some", std::optional<uint64_t>(0));
  out.key("list").array().value(1).value("x").object().end_object().array().end_array().raw("1.5").end_array();
  out.key("rows").array().line().value(1).line().value(2).end_array().line().member("last", false);
  out.end_object().line_end();
  CHECK(text ==
        "data: {\"s\":\"a\\\"b\",\"n\":7,\"i\":-1,\"t\":true,\"null\":null,\"none\":null,\"some\":0,"
        "\"list\":[1,\"x\",{},[],1.5],\"rows\":[\n1,\n2],\n\"last\":false}\n");
}

TEST_CASE("a text that ends as a bracket does is still a text") {
  std::string text;
  JsonWriter(text).array().value("{").value("[").value("a:").value("\n").end_array();
  CHECK(text == "[\"{\",\"[\",\"a:\",\"\\n\"]");
}

}  // namespace
}  // namespace sluice
