// OPENAI_API_KEY was set but contained a line break. It was ignored with a warning, no other key was found, and the
// demo provider answered requests for gpt-4o instead.
#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <vector>

#include "config/discover.h"
#include "routing/router.h"

namespace sluice {
namespace {

struct Found {
  config::Config config;
  std::vector<std::string> problems;
};

Found discover(const std::map<std::string, std::string>& variables) {
  Found found;
  const auto environment = [&variables](std::string_view name) -> std::optional<std::string> {
    const auto at = variables.find(std::string(name));
    return at == variables.end() ? std::nullopt : std::optional(at->second);
  };
  for (const config::Problem& problem : config::add_discovered(found.config, environment, {})) {
    found.problems.push_back(describe(problem));
  }
  return found;
}

TEST_CASE("a key that was set but cannot be used stops the start, and says which") {
  const std::vector<std::pair<std::string, std::string>> rows = {{"sk-a\nsk-b", "holds a line break"},
                                                                 {"sk-a\r\nX-Evil: 1", "holds a line break"},
                                                                 {"sk-a b", "holds a blank"},
                                                                 {"sk-\xE2\x80\x8B"
                                                                  "a",
                                                                  "holds a character that is not ASCII"},
                                                                 {"\xEF\xBB\xBFsk-a", "begins with a byte order mark"},
                                                                 {"sk-a\tb", "holds a control character"}};
  for (const auto& [value, fault] : rows) {
    INFO(fault);
    // Also when another provider is usable.
    for (const auto& others : {std::map<std::string, std::string>{}, {{"ANTHROPIC_API_KEY", "sk-ant"}}}) {
      std::map<std::string, std::string> variables = others;
      variables["OPENAI_API_KEY"] = value;
      const Found found = discover(variables);
      CHECK(found.problems == std::vector<std::string>{
                                  "OPENAI_API_KEY: " + fault +
                                  ", so that it cannot be sent as a key; correct it, or unset it to start without it"});
      CHECK(found.config.provider("demo") == nullptr);
    }
  }
}

TEST_CASE("white space around a key is no part of it") {
  for (const std::string value : {"sk-a\n", "sk-a\r\n", " \tsk-a", "\nsk-a\n\n"}) {
    const Found found = discover({{"OPENAI_API_KEY", value}});
    CHECK(found.problems.empty());
    REQUIRE(found.config.provider("openai") != nullptr);
    CHECK(found.config.provider("openai")->api_key == "sk-a");
  }
}

TEST_CASE("a key variable that is set to nothing counts as not set, and that is said") {
  for (const std::string value : {"", " ", "\n"}) {
    const Found found = discover({{"ANTHROPIC_API_KEY", value}});
    CHECK(found.problems.empty());
    CHECK(found.config.provider("anthropic") == nullptr);
    CHECK(found.config.warnings ==
          std::vector<std::string>{"ANTHROPIC_API_KEY is set, but empty: it counts as not set"});
  }
}

TEST_CASE("the demo answers to its own names only, unless it was asked for") {
  Found found = discover({});
  {
    const routing::Router router(found.config);
    for (const std::string_view name : {"demo", "demo-small", "demo/demo", "demo/gpt-4o"}) {
      INFO(name);
      REQUIRE(router.route(name, Dialect::openai));
      CHECK(router.route(name, Dialect::openai)->provider->name == "demo");
    }
    for (const std::string_view name : {"gpt-4o", "claude-sonnet-4-5", "gemini-2.5-pro", "llama3.2:3b", "Demo", "x"}) {
      INFO(name);
      const auto target = router.route(name, Dialect::openai);
      REQUIRE_FALSE(target);
      CHECK(target.error().code == ErrorCode::unknown_model);
      CHECK(target.error().message.find("--demo") != std::string::npos);
    }
  }
  config::add_demo(found.config);
  const routing::Router router(found.config);
  CHECK(router.route("gpt-4o", Dialect::openai));
}

}  // namespace
}  // namespace sluice
