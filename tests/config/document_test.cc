#include "config/document.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace sluice::config {
namespace {

// "path kind line:column" of every value, depth first.
void list(const Node& node, const std::string& path, std::vector<std::string>& lines) {
  lines.push_back(path + " " + std::string(kind_name(node.kind)) + " " + std::to_string(node.at.line) + ":" +
                  std::to_string(node.at.column));
  for (size_t i = 0; i < node.items.size(); ++i) list(node.items[i], item_path(path, i), lines);
  for (const Member& member : node.members) list(member.value, child_path(path, member.name), lines);
}

std::vector<std::string> errors_of(std::string_view text) {
  std::vector<Problem> problems;
  const auto document = read_document(text, "f", problems);
  std::vector<std::string> lines;
  for (const Problem& problem : problems) lines.push_back(describe(problem));
  return lines;
}

TEST_CASE("every value knows where it stands") {
  const std::string text = R"({
  // "not": a string
  "a": [1, -2.5e3,true , {"b\"\\": "q\"r\\"}],
  /* two
     lines */ "é": "ü", "z": 12,
  "deep": {"x": [[null], [false,
    {"y": {}}]]},
  "n": 7
}
)";
  std::vector<Problem> problems;
  const auto document = read_document(text, "f", problems);
  REQUIRE(document);
  CHECK(problems.empty());
  std::vector<std::string> lines;
  list(*document, "", lines);
  const std::vector<std::string> expected = {" an object 1:1",
                                             "a a list 3:8",
                                             "a[0] a number 3:9",
                                             "a[1] a number 3:12",
                                             "a[2] true or false 3:19",
                                             "a[3] an object 3:26",
                                             "a[3].\"b\\\"\\\\\" a string 3:36",
                                             "\"é\" a string 5:20",
                                             "z a number 5:30",
                                             "deep an object 6:11",
                                             "deep.x a list 6:17",
                                             "deep.x[0] a list 6:18",
                                             "deep.x[0][0] null 6:19",
                                             "deep.x[1] a list 6:26",
                                             "deep.x[1][0] true or false 6:27",
                                             "deep.x[1][1] an object 7:5",
                                             "deep.x[1][1].y an object 7:11",
                                             "n a number 8:8"};
  CHECK(lines == expected);
  CHECK(document->members[0].at.line == 3);
  CHECK(document->members[0].at.column == 3);
  CHECK(document->members[2].at.column == 25);  // "z", after two characters of two bytes
  CHECK(document->find("a")->items[1].number == -2500);
  CHECK(document->find("a")->items[3].find("b\"\\")->text == "q\"r\\");
  CHECK(document->find("nothing") == nullptr);
}

TEST_CASE("positions do not depend on what stands around a value") {
  for (const std::string before : {"", " ", "\n", "\r\n", "// c\n", "/* \"c\" */", "\t \n  "}) {
    for (const std::string value : {"12", "-1.5", "\"a\\\"b\"", "true", "null", "[]", "{}"}) {
      for (const std::string after : {"", " ", "\n", "/**/"}) {
        const std::string text = "{\"k\":" + before + value + after + "}";
        INFO(text);
        std::vector<Problem> problems;
        const auto document = read_document(text, "f", problems);
        REQUIRE(document);
        const std::string until = "{\"k\":" + before;
        const size_t newline = until.rfind('\n');
        const size_t column = newline == std::string::npos ? until.size() + 1 : until.size() - newline;
        CHECK(document->find("k")->at.column == column);
        CHECK(document->find("k")->at.line == (newline == std::string::npos ? 1 : 2));
      }
    }
  }
}

TEST_CASE("what is no JSON is told with its place, and never with a string's text") {
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"", "f:1:1: the file is empty; the smallest useful one is {}"},
      {"\xEF\xBB\xBF \n", "f:1:1: the file is empty; the smallest useful one is {}"},
      {"{\"a\":[1,2,],}", "f:1:11: a: syntax error: a comma before the closing ']'; remove it"},
      {"{\"a\":[1,2, // c\n ]}", "f:2:2: a: syntax error: a comma before the closing ']'; remove it"},
      {"{\"a\":{\"b\":1,}}", "f:1:13: a: syntax error: a comma before the closing '}'; remove it"},
      {"{\"a\":1,\n}", "f:2:1: syntax error: a comma before the closing '}'; remove it"},
      {"{\"a\": }", "f:1:7: a: syntax error: unexpected '}'; expected '[', '{', or a literal"},
      {"{\"a\":[1,,2]}", "f:1:9: a[1]: syntax error: unexpected ','; expected '[', '{', or a literal"},
      {"{\"a\": \"secret", "f:1:7: a: syntax error: the string that begins here is never closed"},
      {"{\"a\": \"secret\\q\"}", "f:1:15: a: syntax error: invalid string: forbidden character after backslash"},
      {"{\"a\" \"secret\"}", "f:1:6: a: syntax error: unexpected string literal; expected ':'"},
      {"{\"a\": 1 \"secret\": 2}", "f:1:9: syntax error: unexpected string literal; expected '}'"},
      {"[1 2]", "f:1:4: [1]: syntax error: unexpected number literal; expected ']'"},
      {"{\"a\": sk-secret}",
       "f:1:7: a: syntax error: neither a string in double quotes, a number, true, false, null, a list nor an object"},
      {"{'secret': 1}",
       "f:1:2: syntax error: neither a string in double quotes, a number, true, false, null, a list nor an object"},
      {"{\"a\": 1", "f:1:8: syntax error: unexpected end of input; expected '}'"},
      {"{\"a\": 1e999}", "f:1:7: a: syntax error: the number is too large"},
      {"/* c", "f:1:1: syntax error: the comment that begins here is never closed"},
      {"{\"a\": [\n  {\"b\": 1},\n  {\"b\": x}\n]}",
       "f:3:9: a[1].b: syntax error: neither a string in double quotes, a number, true, false, null, a list nor an "
       "object"}};
  for (const auto& [text, error] : rows) {
    INFO(text);
    CHECK(errors_of(text) == std::vector<std::string>{error});
    CHECK(error.find("secret") == std::string::npos);
  }
}

TEST_CASE("every beginning of a document is refused without harm") {
  const std::string text = R"({"a": [1, {"b": "c\n\u00e9"}], "d": true, "e": -1.5e2, /* f */ "g": null})";
  for (size_t size = 0; size < text.size(); ++size) {
    INFO(size);
    CHECK(errors_of(text.substr(0, size)).size() == 1);
  }
  CHECK(errors_of(text).empty());
}

TEST_CASE("repeated keys are errors, and the first one stays") {
  std::vector<Problem> problems;
  const auto document =
      read_document("{\"a\": 1,\n \"b\": {\"c\": 1, \"c\": {\"c\": 2}},\n \"a\": [3]}", "f", problems);
  REQUIRE(document);
  REQUIRE(problems.size() == 2);
  CHECK(describe(problems[0]) == "f:2:16: b.c: is repeated; first in line 2");
  CHECK(describe(problems[1]) == "f:3:2: a: is repeated; first in line 1");
  CHECK(document->members.size() == 2);
  CHECK(document->find("a")->number == 1);
}

TEST_CASE("nesting has a bound") {
  CHECK(errors_of(std::string(32, '[') + std::string(32, ']')).empty());
  std::string path;
  for (int i = 0; i < 32; ++i) path += "[0]";
  CHECK(errors_of(std::string(33, '[') + std::string(33, ']')) ==
        std::vector<std::string>{"f:1:33: " + path + ": nested more than 32 deep"});
}

}  // namespace
}  // namespace sluice::config
