#include "base/text.h"

#include <array>
#include <catch2/catch.hpp>
#include <vector>

namespace sluice {
namespace {

TEST_CASE("both ends are trimmed, and only they") {
  CHECK(trim("") == "");
  CHECK(trim(" \t ") == "");
  CHECK(trim(" a b\t") == "a b");
  CHECK(trim("\na\n") == "\na\n");
  CHECK(trim("\r\n a\f\v", white_space) == "a");
}

TEST_CASE("letters in lower case are ASCII's alone") { CHECK(to_lower("AZaz09@[`{\xc3\x84") == "azaz09@[`{\xc3\x84"); }

TEST_CASE("bytes as hexadecimal digits") {
  constexpr std::array<unsigned char, 4> bytes = {0, 0x0f, 0xa5, 0xff};
  CHECK(hex(bytes) == "000fa5ff");
  CHECK(hex({}) == "");
}

TEST_CASE("names are joined, up to as many as are told") {
  const std::vector<std::string_view> names = {"a", "b", "c"};
  CHECK(join({}) == "");
  CHECK(join(names) == "a, b, c");
  CHECK(join(names, 3) == "a, b, c");
  CHECK(join(names, 2) == "a, b and 1 more");
}

TEST_CASE("a cut parts no character") {
  CHECK(cut_at("abc", 3) == 3);
  CHECK(cut_at("abc", 2) == 2);
  CHECK(cut_at("a\xc3\xa9", 2) == 1);
  CHECK(cut_at("\xf0\x9f\x98\x80", 3) == 0);
  CHECK(cut_at("a\xf0\x9f\x98\x80z", 5) == 5);
  CHECK(cut_to("abc", 2) == "ab");
  CHECK(cut_to("a\xc3\xa9", 2) == "a");
  CHECK(cut_to("a\xc3\xa9", 3) == "a\xc3\xa9");
}

TEST_CASE("half a character at a text's end goes, a whole one stays") {
  const std::string text = "a\xc3\xa9z\xe2\x82\xac\xf0\x9f\x98\x80";
  std::vector<size_t> left;
  for (size_t size = 0; size <= text.size(); ++size) left.push_back(without_torn_end(text.substr(0, size)).size());
  CHECK(left == std::vector<size_t>{0, 1, 1, 3, 4, 4, 4, 7, 7, 7, 7, 11});
  CHECK(without_torn_end("\x80\x80\x80\x80").size() == 4);  // no UTF-8 at all
}

}  // namespace
}  // namespace sluice
