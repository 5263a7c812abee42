#include "sse/parser.h"

#include <catch2/catch.hpp>
#include <vector>

namespace sluice::sse {
namespace {

constexpr size_t steps[] = {1, 2, 3, 4, 5, 6, 7, 8, 16, 31, 100000};

// "name|data" of each event, after feeding pieces of `step` bytes, each in memory of exactly its size.
template <typename Any, typename Show>
std::vector<std::string> run(Any& parser, std::string_view text, size_t step, Show show) {
  std::vector<std::string> found;
  for (size_t at = 0; at < text.size(); at += step) {
    const auto cut = text.substr(at, step);
    const std::vector<char> copy(cut.begin(), cut.end());
    parser.feed({copy.data(), copy.size()});
    while (true) {
      const auto next = parser.next();
      if (!next) return found.push_back("!" + next.error().message), found;
      if (!*next) break;
      found.push_back(show(**next));
    }
  }
  return found;
}

std::string shown(const Event& event) { return std::string(event.name) + "|" + std::string(event.data); }
std::string same(std::string_view line) { return std::string(line); }

using List = std::vector<std::string>;

}  // namespace

TEST_CASE("events are read as the specification has it") {
  struct Case {
    std::string_view text;
    List events;
  };
  const Case cases[] = {
      {"", {}},
      {"data: a\n\n", {"|a"}},
      {"data:a\n\ndata:  b\n\n", {"|a", "| b"}},
      {"event: x\ndata: a\n\ndata: b\n\n", {"x|a", "|b"}},
      {"data: a\nevent: x\n\n", {"x|a"}},
      {"data: a\ndata: b\ndata:\ndata\n\n", {"|a\nb\n\n"}},
      {"data\n\n", {"|"}},
      {"data:\n\n", {"|"}},
      {"event: x\n\ndata: a\n\n", {"|a"}},  // an event without data is none
      {": comment\ndata: a\n:\n\n: another\n\n", {"|a"}},
      {"data: a\r\n\r\ndata: b\r\rdata: c\r\n\ndata: d\n\r\n", {"|a", "|b", "|c", "|d"}},
      {"data: a\rdata: b\r\ndata: c\n\n", {"|a\nb\nc"}},
      {"\n\n\r\n\rdata: a\n\n\n\n", {"|a"}},
      {"\xEF\xBB\xBF"
       "data: a\n\n",
       {"|a"}},
      {"\xEF\xBB\xBF\xEF\xBB\xBF"
       "data: a\n\ndata: b\n\n",
       {"|b"}},
      {"\xEF\xBB"
       "data: a\n\ndata: b\n\n",
       {"|b"}},
      {" data: a\n\nDATA: a\n\ndata : a\n\nfoo: a\n\n", {}},
      {"data: {\"a\":\"b: c\"}\n\n", {"|{\"a\":\"b: c\"}"}},
      {"data: a\n", {}},  // the end comes too soon
      {"data: a\n\ndata: b", {"|a"}},
      {"event: \nevent: y\ndata: a\n\n", {"y|a"}},
      {"event: y\nevent\ndata: a\n\n", {"|a"}},
  };
  for (const Case& c : cases) {
    for (const size_t step : steps) {
      INFO(c.text << " by " << step);
      EventParser parser;
      CHECK(run(parser, c.text, step, shown) == c.events);
    }
  }
}

TEST_CASE("id and retry are remembered") {
  using namespace std::string_view_literals;
  for (const size_t step : steps) {
    EventParser parser;
    run(parser, "id: 1\nretry: 250\ndata: a\n\n", step, shown);
    CHECK(parser.last_id() == "1");
    CHECK(parser.retry_ms() == 250u);
    run(parser, "data: a\n\n", step, shown);
    CHECK(parser.last_id() == "1");
    run(parser, "id: 2\nretry: 2x\n", step, shown);
    CHECK(parser.last_id() == "1");  // its event is not whole yet
    CHECK(parser.retry_ms() == 250u);
    run(parser, "\nid: a\0b\nretry:\n\n"sv, step, shown);
    CHECK(parser.last_id() == "2");
    CHECK(parser.retry_ms() == 250u);
    run(parser, "id\n\n", step, shown);
    CHECK(parser.last_id().empty());
  }
}

TEST_CASE("what is half there is known") {
  EventParser parser;
  CHECK_FALSE(parser.mid_event());
  for (const char* begun : {"d", "data: a", "data: a\n", "event: x\n"}) {
    INFO(begun);
    run(parser, begun, 100, shown);
    CHECK(parser.mid_event());
    run(parser, "\n\n", 1, shown);
    CHECK_FALSE(parser.mid_event());
  }
  run(parser, ": comment\n", 100, shown);
  CHECK_FALSE(parser.mid_event());
}

TEST_CASE("an event in one piece is not copied") {
  const std::string text = "event: x\ndata: abc\n\ndata: d\n\n";
  EventParser parser;
  parser.feed(text);
  const auto first = parser.next();
  REQUIRE((first && *first));
  CHECK((*first)->data.data() == text.data() + 15);
  const auto second = parser.next();
  REQUIRE((second && *second));
  CHECK((*second)->data == "d");
  CHECK_FALSE(*parser.next());
}

TEST_CASE("an event has a limit, and just meets it") {
  for (const size_t step : steps) {
    INFO(step);
    EventParser fits(20);
    CHECK(run(fits, "data: 23456789abcdef\n\n", step, shown) == List{"|23456789abcdef"});
    EventParser line(20);
    const List refused = run(line, "data: 23456789abcdefg\n\n", step, shown);
    REQUIRE(refused.size() == 1);
    CHECK(refused[0].starts_with("!"));
    EventParser lines(20);
    const List many = run(lines, "data: 0123456789\ndata: 0123456789\ndata: 0\n\n", step, shown);
    REQUIRE(many.size() == 1);
    CHECK(many[0].starts_with("!"));
  }
}

TEST_CASE("lines of NDJSON") {
  struct Case {
    std::string_view text;
    List lines;
    std::string_view last;
  };
  const Case cases[] = {
      {"", {}, ""},
      {"{}\n", {"{}"}, ""},
      {"{}\r\n\n\r\n[1]\n{", {"{}", "[1]"}, "{"},
      {"{\"a\":1}\n{\"a\":2}\n{\"a\":3}", {"{\"a\":1}", "{\"a\":2}"}, "{\"a\":3}"},
      {"a\rb\n", {"a\rb"}, ""},
      {"a\r", {}, "a"},
  };
  for (const Case& c : cases) {
    for (const size_t step : steps) {
      INFO(c.text << " by " << step);
      LineParser parser;
      CHECK(run(parser, c.text, step, same) == c.lines);
      const auto last = parser.finish();
      CHECK(last.value_or("") == c.last);
    }
  }
}

TEST_CASE("a line has a limit, and just meets it") {
  for (const size_t step : steps) {
    LineParser fits(8);
    CHECK(run(fits, "12345678\n", step, same) == List{"12345678"});
    LineParser refuses(8);
    const List refused = run(refuses, "123456789\n", step, same);
    REQUIRE(refused.size() == 1);
    CHECK(refused[0].starts_with("!"));
  }
}

}  // namespace sluice::sse
