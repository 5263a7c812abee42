// The demo model's rules, independent of dialects: words, slices, values made from schemas.
#include "demo/reply.h"

#include <catch2/catch.hpp>

#include "demo/schema_sample.h"

using namespace sluice::demo;

TEST_CASE("words: counted and cut so that the pieces make the text") {
  struct Case {
    const char* text;
    uint64_t words;
    size_t pieces;
  };
  const Case c = GENERATE(
      values<Case>({{"", 0, 0}, {"a", 1, 1}, {"a b", 2, 2}, {"  a\n\tb  ", 2, 2}, {"   ", 0, 1}, {"ünï cödé", 2, 2}}));
  CHECK(Ask::count_words(c.text) == c.words);
  const std::string_view text = c.text;
  std::string joined;
  size_t pieces = 0;
  for (size_t at = 0; at < text.size(); ++pieces) {
    const std::string_view piece = word_at(text, at);
    REQUIRE_FALSE(piece.empty());
    joined += piece;
    at += piece.size();
  }
  CHECK(pieces == c.pieces);
  CHECK(joined == text);
}

TEST_CASE("slices never cut a UTF-8 sequence") {
  const std::string text = "12345678901€3456789012ü";
  std::string joined;
  for (size_t at = 0; at < text.size();) {
    const std::string_view piece = slice_at(text, at, Reply::max_slice_bytes);
    REQUIRE_FALSE(piece.empty());
    CHECK((static_cast<unsigned char>(piece.front()) & 0xC0) != 0x80);
    joined += piece;
    at += piece.size();
  }
  CHECK(joined == text);
}

TEST_CASE("samples of schemas") {
  struct Case {
    const char *schema, *sample;
  };
  const Case c = GENERATE(values<Case>({
      {R"({"type":"string"})", R"("hint")"},
      {R"({"type":"STRING"})", R"("hint")"},
      {R"({"type":["integer","null"]})", "1"},
      {R"({"type":"integer","minimum":5})", "5"},
      {R"({"type":"integer","maximum":-5})", "-5"},
      {R"({"type":"boolean"})", "true"},
      {R"({"type":"null"})", "null"},
      {R"({"type":"string","enum":["x","y"]})", R"("x")"},
      {R"({"const":{"a":[1]}})", R"({"a":[1]})"},
      {R"({"type":"string","default":"d"})", R"("d")"},
      {R"({"type":"string","format":"date"})", R"("2026-01-31")"},
      {R"({"type":"array","items":{"type":"integer"},"minItems":3})", "[1,1,1]"},
      {R"({"type":"array","items":{"type":"integer"},"minItems":1000})", "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]"},
      {R"({"properties":{"a":{"type":"integer"},"b":{}}})", R"({"a":1,"b":"hint"})"},
      {R"({"type":"object","properties":{"a":{},"b":{}},"required":["b","nonesuch",7]})", R"({"b":"hint"})"},
      {R"({"anyOf":[{"type":"integer"},{"type":"string"}]})", "1"},
      {R"({"$defs":{"p":{"type":"object","properties":{"x":{"type":"number"}}}},"$ref":"#/$defs/p"})", R"({"x":1})"},
      {R"({"$ref":"#/nonesuch/p"})", R"("hint")"},
      {R"({"$ref":"https://example.com/s"})", R"("hint")"},
      {"true", R"("hint")"},
      {"[]", R"("hint")"},
  }));
  INFO(c.schema);
  CHECK(dump(sample_of(Json::parse(c.schema), "hint")) == c.sample);
}

TEST_CASE("samples: recursion and repetition are bounded") {
  CHECK_FALSE(dump(sample_of(Json::parse(R"({"$ref":"#"})"), "h")).empty());
  CHECK(sample_of(Json::parse(R"({"a":{"$ref":"#/a"},"$ref":"#/a"})"), "h").is_null());
  Json wide = {{"type", "object"}, {"properties", Json::object()}, {"$defs", Json::object()}};
  for (int i = 0; i < 100; ++i) wide["properties"]["p" + std::to_string(i)] = {{"$ref", "#/$defs/all"}};
  wide["$defs"]["all"] = {{"type", "object"}, {"properties", wide["properties"]}};
  CHECK(dump(sample_of(wide, "h")).size() < 64 * 1024);
  Json heavy = {{"type", "array"}, {"minItems", 16}, {"items", {{"default", std::string(60 * 1024, 'x')}}}};
  CHECK(dump(sample_of(heavy, "h")).size() < 128 * 1024);
}

TEST_CASE("the hint is the last word, without its signs, and short") {
  const auto argument = [](const std::string& text) {
    Ask ask;
    ask.tools.push_back({"tool", R"({"type":"object","properties":{"q":{"type":"string"}}})"});
    ask.forced_tool = "tool";
    ask.add_user_text(text);
    return Json::parse(reply_to(ask, "id").calls.at(0).arguments)["q"].get<std::string>();
  };
  CHECK(argument("what about Paris?!") == "Paris");
  CHECK(argument("\"München\".") == "München");
  CHECK(argument("...") == "demo");
  CHECK(argument("") == "demo");
  CHECK(argument(std::string(64, 'x')).size() == 64);
  CHECK(argument(std::string(65, 'x')).size() == 64);
  CHECK(argument(std::string(63, 'x') + "€€") == std::string(63, 'x'));
}

TEST_CASE("calls that are spelled out are made line by line, as they stand") {
  Ask ask;
  ask.tools = {{"write", {}}, {"read", {}}, {"patch", {}, true}};
  ask.add_user_text(R"(Please writer, write {"a": "} \"\u6f22\\"}, thank you
then read {"b":1} and read {"b":2}; unread {"b":3}, read {not JSON}, read "text", patch {"c":1}
patch "*\n" at last)");
  const auto calls = [&ask] {
    std::string all;
    for (const ToolCall& call : reply_to(ask, "id").calls)
      all += call.name + (call.freeform ? "~" : " ") + call.arguments + ";";
    return all;
  };
  CHECK(calls() == R"(write {"a": "} \"\u6f22\\"};)");
  ask.add_tool_results({"written"});
  CHECK(calls() == R"(read {"b":1};read {"b":2};)");
  ask.add_tool_results({"one", "two"});
  CHECK(calls() == "patch~*\n;");
  ask.add_tool_results({"three", "four"});
  CHECK(calls().empty());
  CHECK(reply_to(ask, "id").text == "The tool said: three\nfour");
  ask.add_user_text("read {" + std::string(200'000, '{'));
  CHECK_FALSE(calls().empty());
}

TEST_CASE("nothing said, a required tool, JSON without a schema") {
  Ask ask;
  CHECK(reply_to(ask, "id").text == "You said nothing.");
  ask.add_user_text("hello");
  ask.tools.push_back({"first", {}});
  ask.tools.push_back({"second", {}});
  CHECK(reply_to(ask, "id").calls.empty());
  ask.choice = Ask::Choice::required;
  REQUIRE(reply_to(ask, "id").calls.size() == 1);
  CHECK(reply_to(ask, "id").calls[0].name == "first");
  CHECK(reply_to(ask, "id").finish == Reply::Finish::calls);
  ask.tools.clear();
  ask.answer_json = true;
  CHECK(reply_to(ask, "id").text == R"({"you_said":"hello"})");
}
