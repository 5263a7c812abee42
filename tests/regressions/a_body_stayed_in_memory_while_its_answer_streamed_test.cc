// Once a target had taken a request and answered, the body was dropped but its memory was not freed: a megabyte stayed
// allocated for each open stream, and limits.buffered_mb did not count it.
#include <catch2/catch.hpp>

#include "gateway/intake.h"

namespace sluice::gateway {
namespace {

TEST_CASE("a body that is forgotten gives its memory back") {
  http::RequestHead head;
  head.method = http::Method::post;
  head.target = "/v1/chat/completions";
  const std::string body = "{\"model\": \"m\", \"messages\": \"" + std::string(1 << 20, 'x') + "\"}";
  head.framing = http::BodyFraming::length;
  head.content_length = body.size();
  Intake intake(nullptr);
  REQUIRE(intake.begin(head, *api::match(head.method, head.path()), 32 << 20));
  REQUIRE(intake.add(body));
  const Result<bool> asked = intake.end();
  REQUIRE(asked);
  CHECK(*asked);
  CHECK(intake.question().model() == "m");
  CHECK(intake.memory_bytes() >= body.size());
  intake.forget();
  CHECK(intake.memory_bytes() == 0);
}

TEST_CASE("fields that are released give their memory back") {
  http::Fields fields;
  fields.add("name", std::string(1000, 'x'));
  const char* const before = fields[0].name.data();
  fields.release();
  fields.add("a", "b");
  CHECK(fields.size() == 1);
  CHECK(fields[0].name.data() != before);
}

}  // namespace
}  // namespace sluice::gateway
