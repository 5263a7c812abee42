#include "config/foreign.h"

#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "config/support.h"

namespace sluice::config {
namespace {

using test::problems_of;
using Lines = std::vector<std::string>;

constexpr const char* yaml = "this is YAML, possibly LiteLLM's; sluice reads JSON, with comments";
constexpr const char* toml = "this is TOML; sluice reads JSON, with comments";
constexpr const char* shell_variables =
    "this is a list of shell variables; sluice reads JSON, with comments, and takes \"${NAME}\" from its "
    "environment";

TEST_CASE("a file of another kind is called by its name, and nothing else is said of it") {
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"model_list:\n  - model_name: gpt-4o\n", std::string("1:1: ") + yaml},
      {"# a comment\n\n---\nlisten: 1\n", std::string("3:1: ") + yaml},
      {"general_settings:\r\n  master_key: sk-SECRET\r\n", std::string("1:1: ") + yaml},
      {"- a\n- b\n", std::string("1:1: ") + yaml},
      {"[providers.openai]\napi_key = \"sk-SECRET\"\n", std::string("1:1: ") + toml},
      {"# c\n[[models]]\n", std::string("2:1: ") + toml},
      {"listen = \"127.0.0.1:8000\"\n", std::string("1:1: ") + toml},
      {"export OPENAI_API_KEY=sk-SECRET\n", std::string("1:1: ") + shell_variables},
      {"OPENAI_API_KEY=sk-SECRET\n", std::string("1:1: ") + shell_variables}};
  for (const auto& [text, said] : rows) {
    INFO(text);
    CHECK(problems_of(text) == Lines{"sluice.json:" + said});
  }
  // JSON with a mistake is still recognized as JSON.
  for (const std::string text : {"{\"a\": 1,}", "[1 2]", "// c\n{\"a\" 1}", "/* c */ {", "\"a\": 1", "{a: 1}", "nul"}) {
    const Lines lines = problems_of(text);
    REQUIRE(!lines.empty());
    CHECK(lines[0].find("this is") == std::string::npos);
  }
}

TEST_CASE("fields of other gateways are called by their names here") {
  const auto said = [](const std::string& text) {
    const Lines lines = problems_of(text);
    return lines.empty() ? "" : lines[0].substr(0, lines[0].find(" (known"));
  };
  CHECK(said(R"({"providers": {"lab": {"base_url": "http://h/v1", "api_base": "http://h"}}})") ==
        "sluice.json:1:51: providers.lab.api_base: unknown field; its name here is base_url");
  CHECK(said(R"({"keys": [{"name": "a", "key": "k", "rpm": 5}]})") ==
        "sluice.json:1:37: keys[0].rpm: unknown field; its name here is requests_per_minute, in \"limits\"");
  CHECK(said(R"({"keys": [{"name": "a", "key": "k", "tpm": 5}]})") ==
        "sluice.json:1:37: keys[0].tpm: unknown field; its name here is tokens_per_minute, in \"limits\"");
  CHECK(said(R"({"model_list": []})").find("LiteLLM's; here \"models\"") != std::string::npos);
  CHECK(said(R"({"general_settings": {"master_key": "x"}})").find("one of \"keys\" here") != std::string::npos);
  CHECK(said(R"({"models": {"a": {"targets": [{"model": "p/m"}], "litellm_params": {}}}})").find("belong to one of") !=
        std::string::npos);
  CHECK(said(R"({"port": 8000})").find("part of listen here") != std::string::npos);
  CHECK(hint_for_field("port", false).empty());  // in a provider it means something else
}

TEST_CASE("what is not closed is told where it begins") {
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"{\"listen\": \"127.0.0.1:1\n}",
       "1:12: listen: syntax error: the string that begins here is not closed on its line"},
      {"{\"a\": \"b\\\"c\n\"}", "1:7: a: syntax error: the string that begins here is not closed on its line"},
      {"{\"a\": 1,\n \"b", "2:2: syntax error: the string that begins here is never closed"},
      {"{ /* one */ \"a\": 1, /* two\n}", "1:21: syntax error: the comment that begins here is never closed"}};
  for (const auto& [text, problem] : rows) {
    INFO(text);
    CHECK(problems_of(text) == Lines{"sluice.json:" + problem});
  }
}

}  // namespace
}  // namespace sluice::config
