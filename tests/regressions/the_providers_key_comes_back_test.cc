// A target quoted the key it was sent, in a header field, in its reason phrase or in a field that sluice's error
// messages quote, and the caller got to see it.
#include <catch2/catch.hpp>

#include "gateway/world.h"

namespace sluice::gateway {
namespace {

std::string answer_to(std::string_view answer) {
  World world;
  world.log->mask({"provider-secret"});
  world.say(post("/v1/chat/completions", R"({"model":"fast","messages":[]})"));
  REQUIRE(world.targets.size() == 1);
  REQUIRE(world.target().has("provider-secret"));
  world.target_says(answer);
  CHECK(world.records().find("provider-secret") == std::string::npos);
  return world.caller->text;
}

TEST_CASE("the provider's key is in no head field, reason or error that a caller sees") {
  const std::string field = answer_to(ok_json(any_answer, "x-echo: Bearer provider-secret!\r\n"));
  CHECK(field.find("x-echo: Bearer ***!\r\n") != std::string::npos);
  CHECK(field.find("provider-secret") == std::string::npos);
  CHECK(field.starts_with("HTTP/1.1 200 OK\r\n"));

  const std::string reason = answer_to("HTTP/1.1 401 no provider-secret\r\ncontent-length: 0\r\n\r\n");
  CHECK(reason.starts_with("HTTP/1.1 401 no ***\r\n"));

  const std::string coding = answer_to(ok_json(any_answer, "content-encoding: provider-secret\r\n"));
  CHECK(coding.starts_with("HTTP/1.1 502 "));
  CHECK(coding.find("'***'") != std::string::npos);
  CHECK(coding.find("provider-secret") == std::string::npos);
}

}  // namespace
}  // namespace sluice::gateway
