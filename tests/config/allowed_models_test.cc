#include "config/allowed_models.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace sluice::config {
namespace {

TEST_CASE("names and prefixes that a key is held to") {
  struct Row {
    std::vector<std::string> list;
    std::string name;
    bool has;
  };
  const std::vector<Row> rows = {
      {{"a"}, "a", true},
      {{"a"}, "ab", false},
      {{"a"}, "", false},
      {{"b", "a", "c"}, "a", true},
      {{"a*"}, "a", true},
      {{"a*"}, "abc", true},
      {{"a*"}, "b", false},
      {{"*"}, "", true},
      {{"*"}, "anything", true},
      {{"lab/*", "lab/x/*", "lab"}, "lab/x/y", true},
      {{"lab/*", "lab/x/*", "lab"}, "lab", true},
      {{"lab/*", "lab/x/*", "lab"}, "la", false},
      {{"lab/x/*", "lab/a/*"}, "lab/m", false},
      {{"ab*", "a", "abc"}, "abd", true},
      {{"openai/*", "openai-eu/*"}, "openai-eu/m", true},
      {{"openai/*", "openai-eu/*"}, "openai-us/m", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.list, row.name);
    CHECK(AllowedModels(row.list).has(row.name) == row.has);
  }
  CHECK(AllowedModels().empty());
  CHECK(AllowedModels({"b", "a*", "a", "ab*", "b"}).names() == std::vector<std::string>{"a", "b", "a*"});
}

}  // namespace
}  // namespace sluice::config
