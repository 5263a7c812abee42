// Which JSON text is accepted, and which is rejected.
#include "api/json_value.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "api/json_cursor.h"

namespace sluice::api {
namespace {

// Strings are scanned 16 bytes at a time, and 64 after their first escape: a byte that ends or breaks them must be
// noticed at each position.
TEST_CASE("json: what a string may hold is seen at every place in it") {
  struct Row {
    std::string_view bytes;
    bool is_read;
  };
  static constexpr Row rows[] = {
      {"a", true},
      {"\\n", true},
      {"\\\"", true},
      {"\\\\", true},
      {"\\/\\b\\f\\r\\t", true},
      {"\\u00e4", true},
      {"\\uD83D\\uDE00", true},
      {"\xc3\xa4", true},
      {"\xe2\x82\xac", true},
      {"\xf0\x9f\x98\x80", true},
      {"\x7f", true},
      {"\\q", false},
      {"\\", false},
      {"\\u12", false},
      {"\\u12g4", false},
      {"\n", false},
      {std::string_view("\0", 1), false},
      {"\x1f", false},
      {"\x80", false},
      {"\xc3", false},
      {"\xc0\x80", false},
      {"\xed\xa0\x80", false},
      {"\xf5\x80\x80\x80", false},
      {"\xe2\x82", false},
  };
  for (const Row& row : rows) {
    for (const std::string_view first : {"", "\\n", "\\\\", "\\u20ac"}) {
      for (size_t before = 0; before <= (first.empty() ? 40 : 140); ++before) {
        for (size_t behind = 0; behind <= 128; behind += behind < 2 ? 1 : 21) {
          const std::string inside =
              std::string(first) + std::string(before, 'x') + std::string(row.bytes) + std::string(behind, 'y');
          const std::string text = "{\"a\":\"" + inside + "\",\"b\":7}";
          INFO(first << ' ' << before << " before, " << behind << " behind: " << row.bytes);
          JsonDocument document;
          REQUIRE(document.parse(text).has_value() == row.is_read);
          if (!row.is_read) continue;
          CHECK(document.root()["a"].text().escaped == inside);
          CHECK(document.root()["b"].count() == 7);
          for (size_t cut = 1; cut < text.size() && text.size() < 80; ++cut) {
            if (document.parse(std::string_view(text).substr(0, cut)).has_value()) FAIL_CHECK("read without its end");
          }
        }
      }
    }
  }
}

TEST_CASE("json: a string ends at the first quote that is not escaped, wherever quotes and backslashes stand") {
  std::mt19937 random(1);
  for (int run = 0; run < 20000; ++run) {
    std::string text(random() % 300, 'x');
    const unsigned per_mille = random() % 3 == 0 ? 400 : 30;
    for (char& c : text) {
      if (random() % 1000 < per_mille) c = random() % 4 == 0 ? '"' : '\\';
    }
    size_t end = 0;
    while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
    INFO(text);
    const char* const begin = text.data();
    REQUIRE(find_string_end(begin, begin + text.size()) == begin + std::min(end, text.size()));
  }
}

TEST_CASE("json: members are found by their names, however those are spelled, and the last of several") {
  JsonDocument document;
  REQUIRE(
      document.parse(R"({"ab":1,"abc":2,"":3,"\u0061b\"":4,"n":{"ab":5},"abc":6,"\u0061bc":7,"a\\b":8})").has_value());
  const JsonValue root = document.root();
  CHECK(root["ab"].count() == 1);
  CHECK(root["abc"].count() == 7);
  CHECK(root[""].count() == 3);
  CHECK(root["ab\""].count() == 4);
  CHECK(root["a\\b"].count() == 8);
  CHECK(root["n"]["ab"].count() == 5);
  CHECK_FALSE(root["a"].exists());
  CHECK_FALSE(root["ab"]["ab"].exists());
  CHECK_FALSE(root["none"]["ab"].exists());
}

}  // namespace
}  // namespace sluice::api
