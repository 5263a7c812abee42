// While the head of a 429 waited for its body, the part of the body that had arrived was kept in the scratch buffer in
// which all answers of a worker are assembled: the next answer sent it to another caller.
#include <catch2/catch.hpp>

#include "gateway/byte_relay.h"
#include "support/fake_clock.h"
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

struct Ends final : RelayEvents {
  void on_relayed(uint64_t) override { ++relayed; }
  void on_relay_failed(const Error&) override { ++failed; }
  bool on_error_told() override { return false; }
  int relayed = 0, failed = 0;
};

struct Lab {
  config::Provider provider;
  routing::Target target{&provider, "m"};
  OwnFields own{"id", target};
  RelayedRequest request{Dialect::openai, {}};
  Lab() { provider.name = "lab"; }
};

TEST_CASE("two answers in turns: each caller has the bytes of their own") {
  std::vector<std::string_view> pieces;
  std::string lines;
  test::FakeClock clock;
  net::Loop loop(clock);
  test::FakeResponder first_caller(&loop), second_caller(&loop);
  Ends ends;
  const Lab lab;
  ByteRelay first(first_caller, pieces, ends), second(second_caller, pieces, ends);
  const std::string refused = R"({"error": {"code": "insufficient_quota"}})", fine = R"({"id": "other"})";

  REQUIRE(first.begin(json_head(429, refused.size()), lab.request, lab.own, lines, 1));
  {
    const std::string begin = refused.substr(0, 20);
    first.on_answer_body(begin);
    CHECK(first.on_answer_turn());
  }
  REQUIRE(second.begin(json_head(200, fine.size()), lab.request, lab.own, lines, 1));
  second.on_answer_body(fine);
  second.on_answer_end();
  CHECK(second.on_answer_turn());
  CHECK(second_caller.body == fine);

  const std::string rest = refused.substr(20);
  first.on_answer_body(rest);
  first.on_answer_end();
  CHECK(first.on_answer_turn());
  CHECK(first_caller.body == refused);
  CHECK(ends.relayed == 2);
  CHECK(ends.failed == 0);
  CHECK(first_caller.fields.back() == std::pair<std::string, std::string>("x-should-retry", "false"));
}

TEST_CASE("what came of a 429 that is cut goes to its own caller") {
  std::vector<std::string_view> pieces;
  std::string lines;
  test::FakeClock clock;
  net::Loop loop(clock);
  test::FakeResponder caller(&loop);
  Ends ends;
  const Lab lab;
  ByteRelay relay(caller, pieces, ends);
  REQUIRE(relay.begin(json_head(429, 100), lab.request, lab.own, lines, 1));
  {
    const std::string begin = R"({"error": )";
    relay.on_answer_body(begin);
    CHECK(relay.on_answer_turn());
  }
  CHECK(pieces.empty());
  relay.break_off({ErrorCode::target_cut, "gone"}, "id");
  CHECK(caller.status == 429);
  CHECK(caller.body == R"({"error": )");
}

}  // namespace
}  // namespace sluice::gateway
