#include "gateway/key_check.h"

#include <catch2/catch.hpp>

#include "policy/caller_keys.h"

namespace sluice::gateway {
namespace {

TEST_CASE("a secret that stands in clear and as its digest is told, without it") {
  config::Config config;
  config.keys.resize(2);
  config.keys[0].name = "one";
  config.keys[0].key = "secret-new";
  config.keys[0].older = {{"secret-old", {}, 0}};
  config.keys[1].name = "two";
  config.keys[1].sha256 = policy::sha256("secret-other");
  CHECK(check_keys(config).empty());
  config.keys[1].sha256 = policy::sha256("secret-old");
  auto problems = check_keys(config);
  REQUIRE(problems.size() == 1);
  CHECK(describe(problems[0]) == "keys: one and two have the same secret, one of them by its digest");
  config.keys.resize(1);
  config.keys[0].older.push_back({"", policy::sha256("secret-new"), 0});
  problems = check_keys(config);
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].what == "one holds the same secret twice, once by its digest");
}

}  // namespace
}  // namespace sluice::gateway
