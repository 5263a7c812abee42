// "Authorization: Bearer  KEY", with two blanks, was answered with 401 although its record named the key. RFC 6750 2.1
// allows any number.
#include <catch2/catch.hpp>

#include "gateway/world.h"

namespace sluice::gateway {
namespace {

TEST_CASE("a key is known behind any number of blanks") {
  config::Config config = World::plain_config();
  config.keys.resize(1);
  config.keys[0].name = "team";
  config.keys[0].key = "team-secret";
  for (const char* field :
       {"Authorization: Bearer team-secret", "Authorization: bearer  team-secret",
        "authorization: BEARER      team-secret", "x-api-key: Bearer   team-secret", "authorization: team-secret"}) {
    World world(config);
    world.say(post("/v1/chat/completions", R"({"model":"fast"})", std::string(field) + "\r\n"));
    INFO(field);
    REQUIRE(world.targets.size() == 1);
    CHECK_FALSE(world.target().has("team-secret"));
  }
  for (const char* field :
       {"authorization: Bearerteam-secret", "authorization: Bearer ", "authorization: Basic team-secret"}) {
    World world(config);
    world.say(post("/v1/chat/completions", R"({"model":"fast"})", std::string(field) + "\r\n"));
    INFO(field);
    CHECK(world.caller->text.starts_with("HTTP/1.1 401 "));
  }
}

}  // namespace
}  // namespace sluice::gateway
