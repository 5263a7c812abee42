// base/nearest.h and config/family.h: what an unknown name may mean.
#include <catch2/catch.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/nearest.h"
#include "config/family.h"
#include "config/presets.h"

namespace sluice {
namespace {

TEST_CASE("edit distance") {
  struct Row {
    std::string_view a, b;
    size_t distance;
  };
  const std::vector<Row> rows = {
      {"", "", 0},         {"", "abc", 3},     {"abc", "", 3},    {"abc", "abc", 0},       {"abc", "abd", 1},
      {"abc", "ac", 1},    {"abc", "abxc", 1}, {"abc", "acb", 1}, {"listen", "LISTEN", 0}, {"kitten", "sitting", 3},
      {"wran", "warn", 1}, {"ab", "cd", 2}};
  for (const Row& row : rows) {
    INFO(row.a << " " << row.b);
    CHECK(edit_distance(row.a, row.b) == row.distance);
    CHECK(edit_distance(row.b, row.a) == row.distance);
  }
}

TEST_CASE("the nearest names come first, unlike ones not at all") {
  const std::vector<std::string_view> known = {"dialect", "base_url", "api_key",        "auth",
                                               "headers", "models",   "max_connections"};
  using Names = std::vector<std::string_view>;
  CHECK(nearest("base_ul", known, 3) == Names{"base_url"});
  CHECK(nearest("url", known, 3) == Names{"base_url"});
  CHECK(nearest("baseUrl", known, 1) == Names{"base_url"});
  CHECK(nearest("maxConnections", known, 1) == Names{"max_connections"});
  CHECK(nearest("model", known, 1) == Names{"models"});
  CHECK(nearest("zzzzzz", known, 3).empty());
  CHECK(nearest("", known, 3).empty());
  CHECK(nearest("auth", known, 0).empty());
  const std::vector<std::string_view> short_ones = {"a", "b", "ab"};
  CHECK(nearest("c", short_ones, 3).empty());  // no character matches
  const std::vector<std::string_view> models = {"openai/gpt-5", "openai/gpt-4o", "anthropic/claude-sonnet-4-5"};
  CHECK(nearest("openai/gpt5", models, 2) == Names{"openai/gpt-5", "openai/gpt-4o"});
  CHECK(nearest("openai/gpt5", models, 1) == Names{"openai/gpt-5"});
}

TEST_CASE("names over 128 bytes are not compared") {
  const std::string longest(128, 'a');
  const std::string longer(129, 'a');
  const std::vector<std::string_view> known = {longest, longer};
  CHECK(nearest(longest, known, 3) == std::vector<std::string_view>{longest});
  CHECK(nearest(longer, known, 3).empty());
}

TEST_CASE("the family of a bare model name") {
  struct Row {
    std::string_view model, provider;
  };
  const std::vector<Row> rows = {{"gpt-4o", "openai"},
                                 {"gpt-5-mini", "openai"},
                                 {"GPT-4o", "openai"},
                                 {"chatgpt-4o-latest", "openai"},
                                 {"o1", "openai"},
                                 {"o3-mini", "openai"},
                                 {"o4-mini-2025-04-16", "openai"},
                                 {"o10", ""},
                                 {"oh", ""},
                                 {"o", ""},
                                 {"text-embedding-3-small", "openai"},
                                 {"text-embedding-004", "gemini"},
                                 {"dall-e-3", "openai"},
                                 {"whisper-1", "openai"},
                                 {"tts-1-hd", "openai"},
                                 {"gpt-image-1", "openai"},
                                 {"omni-moderation-latest", "openai"},
                                 {"ft:gpt-4o-mini:org::id", "openai"},
                                 {"gpt-oss-20b", ""},
                                 {"gpt-oss:20b", "ollama"},
                                 {"claude-sonnet-4-5", "anthropic"},
                                 {"claude", ""},
                                 {"gemini-2.5-flash", "gemini"},
                                 {"gemma-3-27b-it", "gemini"},
                                 {"imagen-4.0-generate-001", "gemini"},
                                 {"gemma3:4b", "ollama"},
                                 {"mistral-small-latest", "mistral"},
                                 {"codestral-latest", "mistral"},
                                 {"ministral-8b-latest", "mistral"},
                                 {"deepseek-chat", "deepseek"},
                                 {"grok-4", "xai"},
                                 {"command-r-plus", "cohere"},
                                 {"command", "cohere"},
                                 {"commander", ""},
                                 {"sonar", "perplexity"},
                                 {"sonar-pro", "perplexity"},
                                 {"sonarqube", ""},
                                 {"kimi-k2", "moonshot"},
                                 {"glm-4.6", "zai"},
                                 {"llama3.2:3b", "ollama"},
                                 {"llama3", ""},
                                 {"", ""}};
  for (const Row& row : rows) {
    INFO(row.model);
    CHECK(config::family_of(row.model) == row.provider);
    if (!row.provider.empty()) CHECK(config::preset_named(row.provider) != nullptr);
  }
}

}  // namespace
}  // namespace sluice
