// A key had one secret: changing it locked its callers out until each had the new one. And a guest's key stayed valid
// until somebody remembered to remove it.
#include <catch2/catch.hpp>

#include "gateway/world.h"

namespace sluice::gateway {
namespace {

constexpr int64_t long_ago = 1'700'000'000, long_hence = 4'000'000'000;  // 2023-11-14T22:13:20Z, 2096

config::Config two_secrets() {
  config::Config config = World::plain_config();
  config::CallerKey team;
  team.name = "team";
  team.key = "secret-that-is-new";
  team.older = {{"secret-that-is-old", {}, long_hence},
                {"secret-that-has-gone", {}, long_ago},
                {"", policy::sha256("secret-hashed-and-old"), 0}};
  config::CallerKey guest;
  guest.name = "guest";
  guest.key = "secret-of-the-guest";
  guest.expires_unix_s = long_ago;
  config.keys = {team, guest};
  return config;
}

// The answer's first line, and the record.
std::pair<std::string, std::string> ask(World& world, std::string_view fields,
                                        std::string_view path = "/v1/chat/completions") {
  world.connect();
  world.say(post(path, R"({"model":"fast","messages":[]})", fields));
  if (world.caller->text.empty()) world.target_says(ok_json(R"({"id":"1","choices":[]})"));
  world.turn();
  return {world.caller->text, world.records()};
}

TEST_CASE("old and new secret are let in side by side, and the record says which") {
  World world(two_secrets());
  struct Row {
    const char* fields;
    const char* recorded;
  };
  for (const Row& row :
       std::vector<Row>{{"x-api-key: secret-that-is-new\r\n", " key=team method="},
                        {"x-api-key: secret-that-is-old\r\n", " key=team key_secret=2 method="},
                        {"Authorization: Bearer secret-that-is-old\r\n", " key=team key_secret=2 method="},
                        {"api-key: secret-hashed-and-old\r\n", " key=team key_secret=4 method="},
                        {"api-key: secret-that-has-gone\r\nx-api-key: secret-that-is-new\r\n", " key=team method="}}) {
    CAPTURE(row.fields);
    for (int times = 0; times < 2; ++times) {
      const auto [answer, record] = ask(world, row.fields);
      CHECK(answer.starts_with("HTTP/1.1 200 "));
      CHECK(record.find(row.recorded) != std::string::npos);
    }
  }
}

TEST_CASE("a secret that has expired is refused in the caller's dialect, with when it did") {
  World world(two_secrets());
  struct Row {
    const char* path;
    const char* form;
  };
  for (const Row& row : std::vector<Row>{{"/v1/chat/completions", R"({"error":{"message":)"},
                                         {"/v1/responses", R"({"error":{"message":)"},
                                         {"/v1/messages", R"("type":"authentication_error")"},
                                         {"/v1beta/models/fast:generateContent", R"("status":"UNAUTHENTICATED")"},
                                         {"/api/chat", R"({"error":)"}}) {
    CAPTURE(row.path);
    const auto [answer, record] = ask(world, "x-api-key: secret-of-the-guest\r\n", row.path);
    CHECK(answer.starts_with("HTTP/1.1 401 "));
    CHECK(answer.find(row.form) != std::string::npos);
    CHECK(answer.find("the API key 'guest' expired at 2023-11-14T22:13:20Z") != std::string::npos);
    CHECK(answer.find("x-should-retry: false") != std::string::npos);
    CHECK(record.find(" key=guest method=") != std::string::npos);
    CHECK(record.find("key_sha256") == std::string::npos);
    CHECK(record.find("outcome=unauthorized") != std::string::npos);
  }
  const auto [answer, record] = ask(world, "x-api-key: secret-that-has-gone\r\n");
  CHECK(answer.find("this old secret of the API key 'team' expired at 2023-11-14T22:13:20Z") != std::string::npos);
  CHECK(record.find(" key=team key_secret=3 method=") != std::string::npos);
  CHECK(world.targets.empty());
}

TEST_CASE("a secret that has expired still does not travel on to a provider") {
  config::Config config = two_secrets();
  config.providers[0].caller_key = true;
  World world(std::move(config));
  world.say(post("/v1/chat/completions?key=secret-of-the-guest&k=secret-that-is-old",
                 R"({"model":"fast","messages":[]})",
                 "x-api-key: secret-that-is-new\r\nAuthorization: Bearer secret-that-has-gone\r\n"));
  REQUIRE(world.targets.size() == 1);
  CHECK_FALSE(world.target().has("secret-"));
}

}  // namespace
}  // namespace sluice::gateway
