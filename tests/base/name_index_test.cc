#include "base/name_index.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace sluice {
namespace {

TEST_CASE("each name is found, and no other") {
  std::vector<std::string> names = {""};
  for (int i = 0; i < 3'000; ++i) names.push_back(std::string(static_cast<size_t>(i % 40), 'x') + std::to_string(i));
  NameIndex index;
  for (uint32_t i = 0; i < names.size(); ++i) {
    CHECK(index.find(names[i]) == NameIndex::none);
    CHECK(index.add(names[i], i) == NameIndex::none);
  }
  CHECK(index.size() == names.size());
  for (uint32_t i = 0; i < names.size(); ++i) {
    CHECK(index.find(names[i]) == i);
    CHECK(index.find(names[i] + "-") == NameIndex::none);
  }
}

TEST_CASE("a name that is there keeps its number") {
  NameIndex index(2);
  CHECK(index.add("a", 0) == NameIndex::none);
  CHECK(index.add("a", 1) == 0);
  CHECK(index.find("a") == 0);
  index.set("a", 7);
  CHECK(index.find("a") == 7);
}

}  // namespace
}  // namespace sluice
