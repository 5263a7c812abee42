// While the head of a 429 waited for its body, what had come of that body stood in the scratch that all answers of a
// worker gather their bytes in: the next answer sent it to another caller.
#include <catch2/catch.hpp>

#include "gateway/relay.h"
#include "support/fake_responder.h"

namespace sluice::gateway {
namespace {

http::ResponseHead json_head(int status, uint64_t length) {
  http::ResponseHead head;
  head.status = status;
  head.framing = http::BodyFraming::length;
  head.content_length = length;
  head.fields.add("content-type", "application/json");
  return head;
}

TEST_CASE("two answers in turns: each caller has the bytes of their own") {
  std::vector<std::string_view> pieces;
  std::string lines;
  test::FakeResponder first_caller, second_caller;
  Relay first(first_caller, pieces), second(second_caller, pieces);
  const std::string refused = R"({"error": {"code": "insufficient_quota"}})", fine = R"({"id": "other"})";
  const OwnFields own{"id", "lab/m"};

  REQUIRE(first.begin(json_head(429, refused.size()), {Dialect::openai, {}}, own, lines));
  {
    const std::string begin = refused.substr(0, 20);
    REQUIRE(first.body(begin));
    first.turn();
  }
  REQUIRE(second.begin(json_head(200, fine.size()), {Dialect::openai, {}}, own, lines));
  REQUIRE(second.body(fine));
  REQUIRE(second.end());
  second.turn();
  CHECK(second_caller.body == fine);

  const std::string rest = refused.substr(20);
  REQUIRE(first.body(rest));
  REQUIRE(first.end());
  first.turn();
  CHECK(first_caller.body == refused);
  CHECK(first_caller.fields.back() == std::pair<std::string, std::string>("x-should-retry", "false"));
}

TEST_CASE("what came of a 429 that is cut goes to its own caller") {
  std::vector<std::string_view> pieces;
  std::string lines;
  test::FakeResponder caller;
  Relay relay(caller, pieces);
  REQUIRE(relay.begin(json_head(429, 100), {Dialect::openai, {}}, {"id", "lab/m"}, lines));
  {
    const std::string begin = R"({"error": )";
    REQUIRE(relay.body(begin));
    relay.turn();
  }
  CHECK(pieces.empty());
  relay.break_off({ErrorCode::target_cut, "gone"}, "id");
  CHECK(caller.status == 429);
  CHECK(caller.body == R"({"error": )");
}

}  // namespace
}  // namespace sluice::gateway
