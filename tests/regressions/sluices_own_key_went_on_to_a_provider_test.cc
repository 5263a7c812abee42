// With "api_key": "caller", a sluice key that the caller sent in two places was removed from only one of them. To other
// providers it went on in fields and parameters that other services have for keys.
#include <catch2/catch.hpp>

#include "base/base64.h"
#include "gateway/world.h"

namespace sluice::gateway {
namespace {

config::Config two_keys(bool caller_key = true) {
  config::Config config = World::plain_config();
  config.providers[0].caller_key = caller_key;
  config.keys.resize(2);
  config.keys[0].name = "team";
  config.keys[0].key = "caller-secret/+1";
  config.keys[1].name = "other team";
  config.keys[1].key = "other-secret";
  return config;
}

TEST_CASE("a key of sluice's own never goes on, wherever and however often it stands") {
  const std::string basic = base64_of("jo:caller-secret/+1"), reverse = base64_of("caller-secret/+1:");
  for (const std::string& fields : {
           std::string("Authorization: Bearer caller-secret/+1\r\n"),
           std::string("Authorization: bEARER  caller-secret/+1\r\nX-Api-Key: caller-secret/+1\r\n"),
           std::string("x-api-key: other-secret\r\nx-goog-api-key: other-secret\r\n"),
           std::string("x-auth-token: caller-secret/+1\r\nx-mine: Token other-secret\r\n"),
           "Authorization: Basic " + basic + "\r\nx-legacy: basic " + reverse + "\r\n",
           std::string("Cookie: key=caller-secret/+1\r\n"),
           std::string("x-legacy: Bearer other-secret, Bearer x\r\n"),
           std::string("x-legacy: Bearer x,Bearer caller-secret/+1\r\n"),
           std::string("x-legacy: a=b; key=\"other-secret\"\r\n"),
       }) {
    World world(two_keys());
    world.say(post("/v1/chat/completions", R"({"model":"fast"})", "api-key: caller-secret/+1\r\n" + fields));
    CAPTURE(fields, world.caller->text);
    REQUIRE(world.targets.size() == 1);
    for (const std::string& secret : {std::string("secret"), basic, reverse}) CHECK_FALSE(world.target().has(secret));
  }
}

TEST_CASE("nor does it in a query, whatever the parameter is called and however it is written") {
  for (const char* query :
       {"key=other-secret", "k%65y=other-secret", "api_key=caller-secret/%2B1", "access_token=%63aller-secret%2f%2B1",
        "other-secret", "a;key=other-secret", "token=Bearer+other-secret"}) {
    World world(two_keys());
    world.say(post("/v1/chat/completions?beta=true&" + std::string(query) + "&key=their-token", R"({"model":"fast"})",
                   "x-api-key: caller-secret/+1\r\n"));
    CAPTURE(query, world.caller->text);
    REQUIRE(world.targets.size() == 1);
    CHECK(world.target().text.starts_with("POST /v1/chat/completions?beta=true&key=their-token HTTP/1.1\r\n"));
    CHECK_FALSE(world.target().has("secret"));
  }
}

TEST_CASE("nor does it in fields and parameters that other services have for keys") {
  for (const char* field :
       {"x-litellm-api-key: other-secret", "Ocp-Apim-Subscription-Key: caller-secret/+1", "x-auth-token: other-secret",
        "X-Other-Authorization: Bearer other-secret", "helicone-auth: Bearer other-secret", "apikey: other-secret"}) {
    World world(two_keys(false));
    world.say(post("/v1/chat/completions?api_key=other-secret&beta=true&token=caller-secret%2F%2B1&key=x",
                   R"({"model":"fast"})", "Authorization: Bearer caller-secret/+1\r\n" + std::string(field) + "\r\n"));
    CAPTURE(field, world.caller->text);
    REQUIRE(world.targets.size() == 1);
    CHECK(world.target().text.starts_with("POST /v1/chat/completions?beta=true HTTP/1.1\r\n"));
    for (const char* secret : {"other-secret", "caller-secret"}) CHECK_FALSE(world.target().has(secret));
  }
  World world(two_keys(false));
  world.say(post("/v1/chat/completions", R"({"model":"fast"})",
                 "Authorization: Bearer other-secret\r\nx-portkey-api-key: theirs\r\nIdempotency-Key: 7\r\n"));
  REQUIRE(world.targets.size() == 1);
  CHECK(world.target().has("x-portkey-api-key: theirs\r\nIdempotency-Key: 7\r\n"));
}

TEST_CASE("the caller's own credential goes on as it is") {
  World world(two_keys());
  world.say(post("/v1/chat/completions", R"({"model":"fast"})",
                 "x-api-key: other-secret\r\nAuthorization: Bearer their-token\r\nX-Basic: Basic !\r\n"));
  REQUIRE(world.targets.size() == 1);
  CHECK(world.target().has("Authorization: Bearer their-token\r\nX-Basic: Basic !\r\n"));
}

}  // namespace
}  // namespace sluice::gateway
