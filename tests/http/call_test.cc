// Requests that sluice makes for itself: how one is answered, limited, cancelled, and repeated when its connection was
// stale.
#include "http/call.h"

#include <catch2/catch.hpp>
#include <vector>

#include "net/tcp_dialer.h"
#include "support/fake_clock.h"
#include "support/peer.h"

namespace sluice::http {
namespace {

const std::string request = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
const std::string answer = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";

struct Lab final : CallEvents {
  test::FakeClock clock;
  net::Loop loop{clock};
  std::vector<std::unique_ptr<Peer>> targets;  // in the order they were dialed
  net::MemoryDialer dialer{loop, [this](std::unique_ptr<net::Stream> stream) {
                             targets.push_back(std::make_unique<Peer>(std::move(stream)));
                           }};
  PoolCounts counts;
  OutboundPool pool{loop, dialer, {}, counts};
  Call call{loop, pool, *this};
  int sent = 0, ends = 0, status = 0;
  std::string body, failure;

  ~Lab() {
    call.cancel();
    targets.clear();
    turn();
  }
  void on_call_sent() override { ++sent; }
  void on_call_head(const ResponseHead& head) override { status = head.status; }
  void on_call_body(std::string_view bytes) override { body += bytes; }
  void on_call_end() override { ++ends; }
  void on_call_failed(const Error& error) override {
    failure = std::string(name_of(error.code)) + ": " + error.message;
  }

  void turn() { test::turn(loop); }
  void start(const CallBounds& bounds = {}) {
    call.start(request, bounds);
    turn();
  }
  void say(std::string_view text, size_t target = 0) {
    targets.at(target)->stream->write(text);
    turn();
  }
  bool over() const { return ends == 1 || !failure.empty(); }
};

TEST_CASE("a call is answered, and its connection serves the next") {
  Lab lab;
  lab.start();
  REQUIRE(lab.targets.size() == 1);
  CHECK(lab.targets[0]->text == request);
  lab.say(answer.substr(0, answer.size() - 2));
  CHECK(lab.body == "hel");
  CHECK(lab.ends == 0);
  lab.say("lo");
  CHECK(lab.ends == 1);
  CHECK(lab.status == 200);
  CHECK(lab.body == "hello");
  CHECK(lab.call.bytes_in() == answer.size());
  lab.start();
  CHECK(lab.targets.size() == 1);
  lab.say(answer);
  CHECK(lab.ends == 2);
  CHECK(lab.failure.empty());
}

TEST_CASE("where the head is all, the connection is closed behind it") {
  Lab lab;
  lab.start({.body_bytes = 1, .head_is_all = true});
  lab.say("HTTP/1.1 404 No\r\ncontent-length: 500\r\n\r\nand so");
  CHECK(lab.ends == 1);
  CHECK(lab.status == 404);
  CHECK(lab.targets[0]->ended);
}

TEST_CASE("each stage has a clock of its own, and the whole one more") {
  struct Row {
    CallBounds bounds;
    std::string_view said, failure;
    uint64_t after_ms;
  };
  for (const Row& row : std::vector<Row>{
           {{.connect_ms = 10, .response_ms = 100, .whole_ms = 500}, "", "the answer had not begun after 100 ms", 100},
           {{.connect_ms = 10, .whole_ms = 500}, "", "the answer had not begun after 500 ms", 500},
           {{.response_ms = 100, .whole_ms = 500},
            std::string_view(answer).substr(0, 40),
            "the answer was incomplete after 500 ms",
            500}}) {
    Lab lab;
    lab.start(row.bounds);
    if (!row.said.empty()) lab.say(row.said);
    REQUIRE(test::turn_until(lab.loop, lab.clock, [&] { return lab.over(); }));
    CHECK(lab.failure == "target_timeout: " + std::string(row.failure));
    CHECK(lab.clock.passed_ms() >= row.after_ms);
    CHECK(lab.clock.passed_ms() <= row.after_ms + net::Timers::tick_ms);
    lab.turn();
    CHECK(lab.targets[0]->ended);
    CHECK(lab.counts.open == 0);
  }
}

TEST_CASE("a connection that is not made in its time is given up") {
  struct NoWay final : net::Dialer {
    struct Waiting final : net::Dial {
      std::string stage() const override { return "connecting to a.test"; }
    };
    std::unique_ptr<net::Dial> dial(Done) override { return std::make_unique<Waiting>(); }
  } way;
  Lab lab;
  OutboundPool pool(lab.loop, way, {}, lab.counts);
  Call call(lab.loop, pool, lab);
  call.start(request, {.connect_ms = 70, .response_ms = 10});
  REQUIRE(test::turn_until(lab.loop, lab.clock, [&] { return lab.over(); }));
  CHECK(lab.failure == "target_timeout: connecting to a.test after 70 ms");
  CHECK(lab.sent == 0);
}

TEST_CASE("an answer that is too large is given up") {
  Lab lab;
  lab.start({.body_bytes = 5});
  lab.say(answer);
  CHECK(lab.ends == 1);
  lab.start({.body_bytes = 4});
  lab.say(answer);
  CHECK(lab.failure == "target_broke: the answer is larger than 4 bytes");
  CHECK(lab.ends == 1);
}

TEST_CASE("a kept connection that is closed meanwhile is replaced, once") {
  Lab lab;
  lab.start();
  lab.say(answer);
  lab.call.start(request, {});     // takes the kept connection
  lab.targets[0]->stream.reset();  // which closes before answering
  lab.turn();
  CHECK(lab.failure.empty());
  CHECK(lab.sent == 3);
  REQUIRE(lab.targets.size() == 2);
  CHECK(lab.targets[1]->text == request);
  lab.targets[1]->stream.reset();
  lab.turn();
  CHECK_FALSE(lab.failure.empty());
  CHECK(lab.targets.size() == 2);
}

TEST_CASE("a kept connection that breaks within its answer is not replaced") {
  Lab lab;
  lab.start();
  lab.say(answer);
  lab.start();
  lab.say("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nh");
  lab.targets[0]->stream.reset();
  lab.turn();
  CHECK(lab.failure.starts_with("target_cut"));
  CHECK(lab.targets.size() == 1);
}

TEST_CASE("a call that is cancelled says nothing more, and another may begin") {
  Lab lab;
  lab.start({.whole_ms = 50});
  lab.call.cancel();
  lab.turn();
  CHECK(lab.targets[0]->ended);
  lab.clock.pass_ms(1'000);
  lab.turn();
  CHECK_FALSE(lab.over());
  lab.start();
  lab.say(answer, 1);
  CHECK(lab.ends == 1);
}

}  // namespace
}  // namespace sluice::http
