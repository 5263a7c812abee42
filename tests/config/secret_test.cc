// Secrets: where they are read from, and that they are never shown.
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "config/banner.h"
#include "config/parse.h"
#include "config/support.h"
#include "config/validate.h"

namespace sluice::config {
namespace {

using test::environment_of;
using test::problems_of;

std::string with_key(const std::string& key) { return R"({"keys": [{"name": "a", "key": )" + key + "}]}"; }

std::string key_of(const std::string& text, const Environment& environment = environment_of({})) {
  const auto config = parse(text, "sluice.json", environment);
  return config ? config->keys.at(0).key : "";
}

TEST_CASE("secrets come from variables, files and the text") {
  const test::Folder folder;
  const auto in_file = [&](std::string_view content) {
    return with_key("{\"file\": \"" + folder.write("s", content) + "\"}");
  };
  CHECK(key_of(with_key("\"sk-1\"")) == "sk-1");
  CHECK(key_of(with_key("\"${_X1}\""), environment_of({{"_X1", "sk-2"}})) == "sk-2");
  CHECK(key_of(in_file("sk-3")) == "sk-3");
  CHECK(key_of(in_file("sk-3\n")) == "sk-3");
  CHECK(key_of(in_file("sk-3\r\n")) == "sk-3");
  CHECK(key_of(in_file(" \t sk-3 \n\n\t")) == "sk-3");
  CHECK(key_of(with_key("\"${X}\""), environment_of({{"X", "\n sk-2\r\n"}})) == "sk-2");
  CHECK(key_of(in_file(std::string(64 * 1024, 'k'))).size() == 64 * 1024);
}

TEST_CASE("what is wrong with a secret is said without it") {
  const test::Folder folder;
  const Environment environment = environment_of({{"EMPTY", ""}, {"BLANK", "sk secret"}, {"BREAK", "sk-secret\nx"}});
  const std::string forms = " (allowed: \"${VARIABLE}\", {\"file\": \"/path\"} or the value itself)";
  const std::string whole = " (allowed: \"${VARIABLE}\", and nothing around it)";
  const std::string file = folder.path("s");
  struct Row {
    std::string key, content, problem;
  };
  const std::string in_file = "{\"file\": \"" + file + "\"}";
  const std::string file_found =
      "keys[0].key.file: found \"" + file.substr(0, 60) + "\"" + (file.size() > 60 ? "..." : "");
  const std::vector<Row> rows = {
      {"\"${NOT_SET}\"", "", "32: keys[0].key: the variable NOT_SET is not set"},
      {"\"${EMPTY}\"", "", "32: keys[0].key: the variable EMPTY is empty"},
      {"\"${sk-secret}\"", "", "32: keys[0].key: the braces do not hold the name of a variable" + whole},
      {"\"${}\"", "", "32: keys[0].key: the braces do not hold the name of a variable" + whole},
      {"\"${1secret}\"", "", "32: keys[0].key: the braces do not hold the name of a variable" + whole},
      {"\"secret${EMPTY}\"", "", "32: keys[0].key: a variable must be the whole value" + whole},
      {"\"${EMPTY}secret\"", "", "32: keys[0].key: a variable must be the whole value" + whole},
      {"\"\"", "", "32: keys[0].key: is empty" + forms},
      {"true", "", "32: keys[0].key: found true or false" + forms},
      {"[[\"secret\"]]", "", "33: keys[0].key[0]: found a list" + forms},
      {"{}", "", "32: keys[0].key: found an object without \"file\"" + forms},
      {"{\"file\": 5}", "", "41: keys[0].key.file: found 5 (allowed: a string)"},
      {"\"${BLANK}\"", "", "32: keys[0].key: the variable BLANK holds a blank"},
      {"\"${BREAK}\"", "", "32: keys[0].key: the variable BREAK holds a line break"},
      {"\"sk-secret \"", "", "32: keys[0].key: the value holds a blank"},
      {in_file, "sk-secret\nx", "32: keys[0].key: the file \"" + file + "\" holds a line break"},
      {in_file, "\xEF\xBB\xBFsk-s", "32: keys[0].key: the file \"" + file + "\" begins with a byte order mark"},
      {in_file, "sk-secret\xC3\xA9", "32: keys[0].key: the file \"" + file + "\" holds a character that is not ASCII"},
      {in_file, std::string("sk\0t", 4), "32: keys[0].key: the file \"" + file + "\" holds a control character"},
      {in_file, "\n", "41: " + file_found + ", which is empty"},
      {in_file, std::string(64 * 1024 + 1, 'k'),
       "41: " + file_found + ", which cannot be read: it is larger than 64 KiB"}};
  for (const Row& row : rows) {
    INFO(row.key);
    if (!row.content.empty()) folder.write("s", row.content);
    CHECK(problems_of(with_key(row.key), environment) == std::vector<std::string>{"sluice.json:1:" + row.problem});
    CHECK(row.problem.find("sk-secret") == std::string::npos);
  }
  CHECK(
      problems_of(with_key("{\"file\": \"/nowhere/s\"}")) ==
      std::vector<std::string>{
          "sluice.json:1:41: keys[0].key.file: found \"/nowhere/s\", which cannot be read: No such file or directory"});
}

TEST_CASE("a variable in the writing of another program is not taken for the key") {
  const std::string problem =
      "sluice.json:1:32: keys[0].key: looks like a variable as other programs write it; did you mean "
      "\"${VARIABLE}\"? (allowed: \"${VARIABLE}\", {\"file\": \"/path\"} or the value itself)";
  for (const std::string value : {"os.environ/OPENAI_API_KEY", "$OPENAI_API_KEY", "env:KEY", "env.KEY",
                                  "process.env.KEY", "{env.KEY}", "{env:KEY}", "{{ KEY }}", "$env:KEY"}) {
    INFO(value);
    CHECK(problems_of(with_key("\"" + value + "\"")) == std::vector<std::string>{problem});
  }
  for (const std::string value : {"sk-$A", "$", "$1a", "$a-b", "environment"}) {
    INFO(value);
    CHECK(key_of(with_key("\"" + value + "\"")) == value);
  }
}

TEST_CASE("a wrong secret of any field and kind does not show") {
  const std::string secret = "sk-SECRET";
  const std::vector<std::string> values = {"\"" + secret + "\"",
                                           "\"" + secret + " \"",
                                           "[\"" + secret + "\"]",
                                           "{\"" + secret.substr(0, 0) + "x\": \"" + secret + "\"}",
                                           "\"${" + secret + "}\"",
                                           "\"x${" + secret + "}\"",
                                           "\"" + secret + "\\u0001\"",
                                           "\"" + secret + "\n\"",
                                           "\"" + secret};
  const std::vector<std::pair<std::string, std::string>> places = {
      {R"({"bad": 1, "keys": [{"name": "a", "key": )", "}]}"},
      {R"({"bad": 1, "keys": [{"name": "a", "sha256": )", "}]}"},
      {R"({"bad": 1, "providers": {"openai": {"api_key": )", "}}}"},
      {R"({"bad": 1, "providers": {"openai": {"api_key": "x", "headers": {"x-key": )", "}}}}"},
      {R"({"bad": 1, "providers": {"openai": {"api_key": "x", "headers": )", "}}}"},
      {R"({"bad": 1, "providers": {"openai": {"api_key": "x", "apikey": )", "}}}"}};
  for (const auto& [before, after] : places) {
    for (const std::string& value : values) {
      const std::vector<std::string> problems = problems_of(before + value + after);
      CHECK(!problems.empty());
      for (const std::string& problem : problems) {
        INFO(problem);
        CHECK(problem.find("SECRET") == std::string::npos);
      }
    }
  }
}

TEST_CASE("header values may hold blanks inside, but no control characters") {
  const auto with_header = [](const std::string& value) {
    return R"({"providers": {"demo": {"headers": {"x": )" + value + "}}}}";
  };
  CHECK(problems_of(with_header("\"Bearer a\\tb\"")).empty());
  for (const std::string value : {"\" a\"", "\"a \"", "\"a\\r\\nhost: b\"", "\"a\\u0000\"", "\"a\\u007f\""}) {
    CHECK(problems_of(with_header(value)) ==
          std::vector<std::string>{
              "sluice.json:1:42: providers.demo.headers.x: the value holds a control character, or a blank at an end"});
  }
}

TEST_CASE("a literal secret in a file that others may read makes a warning") {
  const test::Folder folder;
  const std::string text = R"({"keys": [{"name": "a", "key": "sk-a"}, {"name": "b", "key": "${B}"}],
    "providers": {"openai": {"api_key": "sk-o", "headers": {"x-team": "t", "x-other-key": "sk-h"}},
                  "xai": {"api_key": "caller"}}})";
  const std::string file = folder.write("sluice.json", text);
  const Environment environment = environment_of({{"B", "sk-b"}});
  const auto warnings_with_mode = [&](mode_t mode) {
    REQUIRE(::chmod(file.c_str(), mode) == 0);
    const auto config = parse(text, file, environment);
    REQUIRE(config);
    return config->warnings;
  };
  CHECK(warnings_with_mode(0600).empty());
  for (const mode_t mode : {0640, 0604}) {
    const std::string tail =
        " holds a secret, and other users may read the file: chmod 600 " + file + ", or write \"${VARIABLE}\" instead";
    CHECK(warnings_with_mode(mode) == std::vector<std::string>{file + ": keys[0].key" + tail,
                                                               file + ": providers.openai.api_key" + tail,
                                                               file + ": providers.openai.headers.x-other-key" + tail});
  }
}

TEST_CASE("the start-up block and the warnings hold no secret") {
  const auto config = parse(R"({"listen": "0.0.0.0:1", "keys": [{"name": "a", "key": "sk-SECRET"}], "providers": {
    "openai": {"api_key": "sk-SECRET2", "base_url": "http://far/v1", "headers": {"x-key": "SECRET3"}}}})",
                            "sluice.json", environment_of({}));
  REQUIRE(config);
  Config checked = *config;
  CHECK(validate(checked).empty());
  const std::vector<std::string> addresses = {"http://0.0.0.0:1"};
  std::string said = banner(checked, addresses);
  for (const std::string& warning : checked.warnings) said += warning;
  CHECK(checked.warnings.size() == 1);
  CHECK(said.find("SECRET") == std::string::npos);
}

}  // namespace
}  // namespace sluice::config
