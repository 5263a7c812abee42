// "//v1/chat/completions", a slash at the end and "/v1/v1/..." were unknown paths.
#include <catch2/catch.hpp>

#include "gateway/world.h"

namespace sluice::gateway {
namespace {

const std::string spelled_body = R"({"model":"fast","messages":[]})";

TEST_CASE("a path is served however its slashes are written") {
  for (const std::string path :
       {"//v1/chat/completions", "/v1//chat///completions", "/v1/chat/completions/", "/v1/v1/chat/completions",
        "//v1//v1/chat/completions//", "/v1/v1/v1/chat/completions", "/chat/completions/"}) {
    INFO(path);
    World world;
    world.say(post(path, spelled_body));
    REQUIRE(world.targets.size() == 1);
    CHECK(world.target().text.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"));
  }
}

TEST_CASE("other versions said twice, too; the query stays as it is") {
  World world;
  world.say(post("/v1/v1beta/models/fast:generateContent?alt=//x/", "{}"));
  REQUIRE(world.targets.size() == 1);
  CHECK(world.target().text.starts_with("POST /v1beta/models/real-model:generateContent?alt=//x/ HTTP/1.1\r\n"));
}

TEST_CASE("no path leads out of where it seems to be") {
  for (const std::string path : {"/v1/responses/..", "/v1/responses/%2e%2E", "/v1/./responses/a",
                                 "/v1/responses/..%2fx", "/v1/responses/%2e%2e%5cx", "/v1/responses/a%00",
                                 "/v1/responses/a%0d", "/v1/responses/%zz", "/v1/responses/%2"}) {
    INFO(path);
    World world;
    world.say("DELETE " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK(world.caller->text.starts_with("HTTP/1.1 400 "));
    CHECK(world.targets.empty());
  }
}

TEST_CASE("what is encoded in a path stays so") {
  World world;
  world.say("DELETE /v1/responses/resp_a%3D%3D..c HTTP/1.1\r\nHost: x\r\n\r\n");
  REQUIRE(world.targets.size() == 1);
  CHECK(world.target().text.starts_with("DELETE /v1/responses/resp_a%3D%3D..c HTTP/1.1\r\n"));
}

}  // namespace
}  // namespace sluice::gateway
