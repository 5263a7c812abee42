#include "routing/router.h"

#include <catch2/catch.hpp>

namespace sluice::routing {
namespace {

config::Provider provider(std::string name, std::vector<Dialect> dialects, std::vector<std::string> models = {}) {
  config::Provider made;
  made.name = std::move(name);
  made.dialects = std::move(dialects);
  made.models = std::move(models);
  return made;
}

config::Config some_config() {
  config::Config config;
  config.providers = {provider("openai", {Dialect::openai, Dialect::responses}),
                      provider("anthropic", {Dialect::anthropic}),
                      provider("lab", {Dialect::openai}, {"qwen3-32b", "shared"}),
                      provider("attic", {Dialect::openai}, {"shared", "old-*"})};
  config.models = {{"fast", {{"openai", "gpt-4o-mini"}}}, {"lab/renamed", {{"openai", "gpt-5"}}}};
  return config;
}

TEST_CASE("a name finds its target") {
  const config::Config config = some_config();
  const Router router(config);
  struct Row {
    const char* name;
    const char* target;  // nullptr: unknown
  };
  const std::vector<Row> rows = {
      {"fast", "openai/gpt-4o-mini"},   // a name of `models`
      {"lab/renamed", "openai/gpt-5"},  // takes precedence over provider/model
      {"lab/anything/at:all", "lab/anything/at:all"},
      {"qwen3-32b", "lab/qwen3-32b"},  // the only provider that lists it
      {"old-7b", "attic/old-7b"},      // listed by a pattern
      {"gpt-4o", "openai/gpt-4o"},     // its family's provider
      {"claude-sonnet-4-5", "anthropic/claude-sonnet-4-5"},
      {"gemini-2.5-pro", nullptr},  // the family's provider is not configured
      {"shared", nullptr},          // two providers list it
      {"lab/", nullptr},
      {"nobody/x", nullptr},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    const auto target = router.route(row.name, Dialect::openai);
    CHECK(target.has_value() == (row.target != nullptr));
    if (target && row.target != nullptr) CHECK(target->label() == row.target);
    if (!target) CHECK(target.error().code == ErrorCode::unknown_model);
  }
}

TEST_CASE("an unknown name is told its nearest") {
  const config::Config config = some_config();
  const auto target = Router(config).route("fasd", Dialect::openai);
  REQUIRE_FALSE(target);
  CHECK(target.error().message ==
        "unknown model 'fasd'; nearest known: fast; any model can be named as provider/model, with a provider of: "
        "openai, anthropic, lab, attic");
}

TEST_CASE("a request without a model goes to the dialect's provider") {
  config::Config config = some_config();
  const Router router(config);
  CHECK(router.route("", Dialect::responses)->label() == "openai");
  CHECK(router.route("", Dialect::anthropic)->label() == "anthropic");
  CHECK(router.route("", Dialect::openai)->label() == "openai");  // several speak it; OpenAI is among them
  CHECK(router.route("", Dialect::gemini).error().code == ErrorCode::untranslatable);
  config.providers.erase(config.providers.begin());
  const auto none = Router(config).route("", Dialect::openai);
  REQUIRE_FALSE(none);
  CHECK(none.error().message.find("lab, attic") != std::string::npos);
}

TEST_CASE("what a provider has told takes the place of its list") {
  config::Config config = some_config();
  config.providers.push_back(provider("here", {Dialect::ollama}, {"found-at-start:8b"}));
  struct Row {
    std::vector<ToldNames> told;  // the lists of openai, anthropic, lab, attic, here
    const char* name;
    const char* target;  // nullptr: unknown
  };
  const std::vector<Row> rows = {
      {{{}, {}, {"alpha"}, {}, {}}, "alpha", "lab/alpha"},
      {{{}, {}, {"alpha"}, {"alpha"}, {}}, "alpha", nullptr},   // two providers list it
      {{{}, {}, {"alpha"}, {}, {}}, "shared", "attic/shared"},  // lab no longer has it
      {{{}, {}, {}, {}, {"llama3.2:latest"}}, "Llama3.2", "here/llama3.2:latest"},
      {{{}, {}, {}, {}, {"llama3.2:latest"}},
       "found-at-start:8b",
       nullptr},                                                          // no longer has it; others are not guessed
      {{{"gpt-5"}, {}, {"gpt-4o"}, {}, {}}, "gpt-4o", "lab/gpt-4o"},      // openai does not have it, and lab does
      {{{}, {}, {"gpt-4o"}, {}, {}}, "gpt-4o", "openai/gpt-4o"},          // openai might have it
      {{{"gpt-4o"}, {}, {"gpt-4o"}, {}, {}}, "gpt-4o", "openai/gpt-4o"},  // several list it: the family's provider wins
      {{{}, {}, {"fast"}, {}, {}}, "fast", "openai/gpt-4o-mini"},         // a name of `models` takes precedence
      {{{}, {}, {"openai/x"}, {}, {}}, "openai/x", "openai/x"},           // and so does provider/model
      {{{}, {}, {"openai/x"}, {}, {}}, "lab/openai/x", "lab/openai/x"},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    const Router router(config, row.told, 42);
    const auto target = router.route(row.name, Dialect::openai);
    CHECK(target.has_value() == (row.target != nullptr));
    if (target && row.target != nullptr) CHECK(target->label() == row.target);
  }
}

TEST_CASE("a target is found in the list that its provider has told") {
  const config::Config config = some_config();
  const std::vector<ToldNames> told = {{}, {}, {"alpha", "beta"}, {}};
  const Router router(config, told);
  struct Row {
    const char* name;
    uint32_t place;
  };
  for (const Row& row : {Row{"beta", 1}, Row{"lab/beta", 1}, Row{"lab/alpha", 0}, Row{"lab/gamma", KnownName::not_told},
                         Row{"fast", KnownName::not_told}, Row{"attic/shared", KnownName::not_told}}) {
    INFO(row.name);
    CHECK(router.place_of(*router.route(row.name, Dialect::openai)) == row.place);
  }
}

TEST_CASE("known models are those that can be named beforehand") {
  const config::Config config = some_config();
  std::vector<std::string> names;
  const Router router(config);
  for (const KnownName& known : router.known_models()) names.push_back(known.name);
  CHECK(names == std::vector<std::string>{"fast", "lab/renamed", "lab/qwen3-32b", "lab/shared", "attic/shared"});
}

}  // namespace
}  // namespace sluice::routing
