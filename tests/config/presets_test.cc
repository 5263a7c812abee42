#include "config/presets.h"

#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "config/url.h"

namespace sluice::config {
namespace {

TEST_CASE("every preset is whole") {
  std::set<std::string_view> names, variables;
  for (const Preset& preset : presets()) {
    INFO(preset.name);
    CHECK(names.insert(preset.name).second);
    CHECK(preset_named(preset.name) == &preset);
    const Result<Url> url = parse_url(preset.base_url);
    REQUIRE(url);
    CHECK(url->text() == preset.base_url);
    const Provider provider = make_provider(preset);
    CHECK(provider.name == preset.name);
    REQUIRE(!provider.dialects.empty());
    std::string dialects;
    for (const Dialect dialect : provider.dialects)
      dialects += (dialects.empty() ? "" : " ") + std::string(name_of(dialect));
    CHECK(dialects == preset.dialects);
    CHECK((provider.auth == Auth::none) == preset.key_variables.empty());
    CHECK((provider.auth == Auth::header) == !provider.auth_header.empty());
    CHECK(provider.api_key.empty());
    for (const std::string_view variable : key_variables_of(preset)) CHECK(variables.insert(variable).second);
    const bool local = url->host == "127.0.0.1" || url->demo;
    CHECK(local == preset.key_variables.empty());
    CHECK((url->tls || local));
    if (!local) CHECK(!preset.example_model.empty());
  }
  CHECK(presets().size() >= 20);
  CHECK(preset_named("nobody") == nullptr);
  CHECK(preset_named("") == nullptr);
}

TEST_CASE("where each dialect's paths begin") {
  struct Row {
    std::string_view preset;
    Dialect dialect;
    std::string_view path;
  };
  constexpr Row rows[] = {{"openai", Dialect::openai, "/v1"},
                          {"openai", Dialect::responses, "/v1"},
                          {"anthropic", Dialect::anthropic, ""},
                          {"gemini", Dialect::gemini, ""},
                          {"perplexity", Dialect::openai, ""},
                          {"openrouter", Dialect::openai, "/api/v1"},
                          {"openrouter", Dialect::anthropic, "/api"},
                          {"xai", Dialect::anthropic, ""},
                          {"deepseek", Dialect::openai, "/v1"},
                          {"deepseek", Dialect::anthropic, "/anthropic"},
                          {"zai", Dialect::openai, "/api/paas/v4"},
                          {"zai", Dialect::anthropic, "/api/anthropic"},
                          {"ollama", Dialect::ollama, ""},
                          {"ollama", Dialect::openai, "/v1"},
                          {"ollama", Dialect::responses, "/v1"},
                          {"ollama", Dialect::anthropic, ""},
                          {"vllm", Dialect::openai, "/v1"},
                          {"vllm", Dialect::anthropic, ""},
                          {"demo", Dialect::openai, "/v1"},
                          {"demo", Dialect::responses, "/v1"},
                          {"demo", Dialect::anthropic, ""},
                          {"demo", Dialect::gemini, ""},
                          {"demo", Dialect::ollama, ""}};
  for (const Row& row : rows) {
    INFO(row.preset << " " << name_of(row.dialect));
    const Provider provider = make_provider(*preset_named(row.preset));
    CHECK(provider.speaks(row.dialect));
    CHECK(provider.path_for(row.dialect) == row.path);
  }
}

TEST_CASE("base paths of a provider of one's own") {
  struct Row {
    std::string path;
    Dialect base, dialect;
    std::string result;
  };
  const Row rows[] = {{"/v1", Dialect::openai, Dialect::responses, "/v1"},
                      {"/v1", Dialect::openai, Dialect::anthropic, ""},
                      {"/a/v1beta", Dialect::responses, Dialect::gemini, "/a"},
                      {"/a/v4", Dialect::openai, Dialect::ollama, "/a"},
                      {"/a", Dialect::openai, Dialect::anthropic, "/a"},
                      {"/v", Dialect::openai, Dialect::anthropic, "/v"},
                      {"/vision", Dialect::openai, Dialect::anthropic, "/vision"},
                      {"", Dialect::openai, Dialect::anthropic, ""},
                      {"", Dialect::anthropic, Dialect::openai, "/v1"},
                      {"/a", Dialect::ollama, Dialect::responses, "/a/v1"},
                      {"/a", Dialect::anthropic, Dialect::ollama, "/a"}};
  for (const Row& row : rows) {
    INFO(row.path << " " << name_of(row.base) << " " << name_of(row.dialect));
    Provider provider;
    provider.base_url.path = row.path;
    provider.dialects = {row.base, row.dialect};
    CHECK(provider.path_for(row.dialect) == row.path);  // before set_base_paths()
    set_base_paths(provider, row.base);
    CHECK(provider.path_for(row.base) == row.path);
    CHECK(provider.path_for(row.dialect) == row.result);
  }
}

TEST_CASE("words for auth") {
  Provider provider;
  for (const std::string_view word : auth_words()) CHECK(set_auth(provider, word));
  CHECK(provider.auth == Auth::none);
  CHECK(set_auth(provider, "api-key"));
  CHECK(provider.auth_header == "api-key");
  CHECK_FALSE(set_auth(provider, "header:x"));
  CHECK_FALSE(set_auth(provider, ""));
  CHECK(provider.auth_header == "api-key");
  CHECK(set_auth(provider, "bearer"));
  CHECK(provider.auth_header.empty());
}

}  // namespace
}  // namespace sluice::config
