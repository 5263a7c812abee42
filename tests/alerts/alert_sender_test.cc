// What is sent for an alert and when it is sent again; the queue stays bounded, and no secret is sent.
#include "alerts/alert_sender.h"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "alerts/alert_payload.h"
#include "net/tcp_dialer.h"
#include "support/fake_clock.h"
#include "support/peer.h"

namespace sluice::alerts {
namespace {

using nlohmann::json;

constexpr AlertPatience quick{.connect_ms = 60, .response_ms = 60, .max_tries = 3, .rest_ms = 20};
constexpr uint64_t now = 5'000'000;              // monotonic
constexpr int64_t unix_now = 1'767'225'600'000;  // 2026-01-01T00:00:00Z
constexpr std::string_view secret = "pk-planted-60b48d2e";

// Two destinations, both in memory.
struct Wires {
  test::FakeClock clock{unix_now};
  test::FakeRandom random;
  net::Loop loop{clock, random};
  config::AlertSettings config;
  std::shared_ptr<Alerts> alerts = std::make_shared<Alerts>(AlertRules{2, 300'000});
  observe::Metrics metrics{1, test::fake_unix_ms};
  int log_pipe[2] = {-1, -1};
  std::unique_ptr<observe::Log> log;
  std::vector<std::unique_ptr<Peer>> webhooks, sentries;  // connections, in the order in which they were opened
  std::optional<AlertSender> sender;
  FailureTally tally;

  explicit Wires(bool webhook = true, bool sentry = true) {
    if (pipe2(log_pipe, O_CLOEXEC | O_NONBLOCK) != 0) std::abort();
    log = std::make_unique<observe::Log>(
        observe::Log::Options{observe::Level::info, false, log_pipe[1], test::fixed_time});
    log->mask({std::string(secret)});
    if (webhook) config.webhook = config::AlertTarget{{true, "hooks.test", 443, "", false}, "/hook/token-1?x=2", ""};
    if (sentry) config.sentry = config::AlertTarget{{true, "sentry.test", 9000, "", false}, "/api/42/envelope/", "k1"};
    AlertSender::Options options;
    options.patience = quick;
    options.host = "machine";
    auto dialer = [this](const config::AlertTarget& target) -> Result<std::unique_ptr<net::Dialer>> {
      auto& to = target.key.empty() ? webhooks : sentries;
      return std::make_unique<net::MemoryDialer>(loop, [&to](std::unique_ptr<net::Stream> stream) {
        to.push_back(std::make_unique<Peer>(std::move(stream)));
      });
    };
    sender.emplace(loop, std::move(dialer), config, alerts, metrics.worker(0), *log, std::move(options));
  }
  ~Wires() {
    webhooks.clear();
    sentries.clear();
    sender.reset();
    turn();
    log.reset();
    close(log_pipe[0]);
    close(log_pipe[1]);
  }
  void turn() {
    for (int i = 0; i < 60; ++i) loop.run_once(false);
  }
  template <typename Condition>
  bool until(Condition condition) {
    return test::turn_until(loop, clock, condition);
  }
  void fail_twice(std::string_view subject, std::string_view reason = "refused", uint64_t at_ms = now) {
    tally.add({subject, "target_refused", reason, at_ms, 2});
    alerts->gather(tally);
  }
  void tick(uint64_t at_ms = now) {
    sender->tick(at_ms);
    turn();
  }
  int64_t lost() { return metrics.worker(0).alerts_failed_total.get(); }
  // The whole log; stops logging.
  std::string logged() {
    sender.reset();
    log.reset();
    std::string text(64 * 1024, '\0');
    const ssize_t count = read(log_pipe[0], text.data(), text.size());
    text.resize(count > 0 ? static_cast<size_t>(count) : 0);
    return text;
  }
};

std::string body_of(const std::string& request) { return request.substr(request.find("\r\n\r\n") + 4); }
std::string head_of(const std::string& request) { return request.substr(0, request.find("\r\n\r\n") + 2); }
void answer(Peer& peer, int status, std::string_view more = "content-length: 0\r\n\r\n") {
  peer.stream->write("HTTP/1.1 " + std::to_string(status) + " X\r\n" + std::string(more));
}

TEST_CASE("a webhook gets exactly this") {
  Wires wires(true, false);
  wires.fail_twice("lab/m", "connection refused by 127.0.0.1:9", now - 1500);
  wires.tick();
  REQUIRE(wires.webhooks.size() == 1);
  const std::string request = wires.webhooks[0]->text;
  const json expected = {{"event", "failing"},
                         {"subject", "lab/m"},
                         {"code", "target_refused"},
                         {"failures", 2},
                         {"within_s", 300},
                         {"since", "2025-12-31T23:59:58.500Z"},
                         {"last_error", "connection refused by 127.0.0.1:9"},
                         {"host", "machine"},
                         {"version", SLUICE_VERSION}};
  CHECK(json::parse(body_of(request)) == expected);
  CHECK(head_of(request) == "POST /hook/token-1?x=2 HTTP/1.1\r\nhost: hooks.test\r\nuser-agent: sluice/" SLUICE_VERSION
                            "\r\ncontent-type: application/json\r\ncontent-length: " +
                                std::to_string(body_of(request).size()) + "\r\nconnection: close\r\n");
  answer(*wires.webhooks[0], 204, "\r\n");
  wires.turn();
  wires.tick(now - 1500 + 300'000);
  CHECK(wires.webhooks.size() == 1);
  wires.tick(now - 1500 + 300'001);
  REQUIRE(wires.webhooks.size() == 2);
  const json recovered = json::parse(body_of(wires.webhooks[1]->text));
  CHECK(recovered["event"] == "recovered");
  CHECK(recovered["subject"] == "lab/m");
  CHECK(recovered["failures"] == 2);
  answer(*wires.webhooks[1], 200);
  wires.turn();
  CHECK(wires.lost() == 0);
  CHECK(wires.metrics.worker(0).alerts_failing_total.get() == 1);
  CHECK(wires.metrics.worker(0).alerts_recovered_total.get() == 1);
}

TEST_CASE("Sentry gets an envelope with one event") {
  Wires wires(false, true);
  wires.fail_twice("lab/\"m\"\n", "refused\nand more");
  wires.tick();
  REQUIRE(wires.sentries.size() == 1);
  const std::string request = wires.sentries[0]->text;
  CHECK(head_of(request).starts_with("POST /api/42/envelope/ HTTP/1.1\r\nhost: sentry.test:9000\r\n"));
  CHECK(head_of(request).find("\r\nx-sentry-auth: Sentry sentry_version=7, sentry_key=k1, "
                              "sentry_client=sluice/" SLUICE_VERSION "\r\n") != std::string::npos);
  CHECK(head_of(request).find("\r\ncontent-type: application/x-sentry-envelope\r\n") != std::string::npos);
  std::vector<std::string> lines;
  std::istringstream body(body_of(request));
  for (std::string line; std::getline(body, line);) lines.push_back(line);
  REQUIRE(lines.size() == 3);
  const json envelope = json::parse(lines[0]), item = json::parse(lines[1]), event = json::parse(lines[2]);
  const std::string id = event["event_id"];
  CHECK(id.size() == 32);
  CHECK(id.find_first_not_of("0123456789abcdef") == std::string::npos);
  CHECK(id[12] == '4');
  CHECK(envelope == json{{"event_id", id}, {"sent_at", "2026-01-01T00:00:00.000Z"}});
  CHECK(item == json{{"type", "event"}, {"content_type", "application/json"}, {"length", lines[2].size()}});
  const std::string subject = "lab/\"m\"\n";
  const json expected = {{"event_id", id},
                         {"timestamp", "2026-01-01T00:00:00.000Z"},
                         {"platform", "other"},
                         {"level", "error"},
                         {"logger", "sluice.alerts"},
                         {"server_name", "machine"},
                         {"release", "sluice@" SLUICE_VERSION},
                         {"message", subject + " keeps failing (target_refused): 2 times within 300 s"},
                         {"tags", {{"target", subject}, {"code", "target_refused"}, {"event", "failing"}}},
                         {"extra",
                          {{"failures", 2},
                           {"within_s", 300},
                           {"since", "2026-01-01T00:00:00.000Z"},
                           {"last_error", "refused\nand more"}}},
                         {"fingerprint", {"sluice", "failing", subject, "target_refused"}}};
  CHECK(event == expected);
}

TEST_CASE("a payload is shortened and its seconds are exact") {
  AlertNotice notice{AlertEvent::recovered, "lab/m", 7, 0, 0, "internal"};
  std::string error(max_alert_error_bytes - 1, 'e');
  error += "\xc3\xa9 and so on";
  for (const auto& [ms, text] : std::vector<std::pair<uint64_t, std::string>>{
           {300'000, "300"}, {500, "0.5"}, {1'001, "1.001"}, {1, "0.001"}, {60'050, "60.05"}}) {
    const std::string body = webhook_body(notice, {ms, 0, 0, error, "h"});
    CHECK(body.find("\"within_s\":" + text + ",") != std::string::npos);
    CHECK(json::parse(body)["last_error"] == std::string(max_alert_error_bytes - 1, 'e'));
  }
  const std::string envelope = sentry_envelope(notice, {300'000, 0, 0, "x", "h"}, "id");
  CHECK(envelope.find("\"message\":\"lab/m has recovered: no internal for 300 s\"") != std::string::npos);
  CHECK(envelope.find("\"level\":\"info\"") != std::string::npos);
}

TEST_CASE("what does not arrive is tried three times, then lost") {
  struct Row {
    int status;
    size_t tries;
    int64_t lost;
  };
  for (const Row& row :
       std::vector<Row>{{200, 1, 0}, {202, 1, 0}, {503, 3, 1}, {429, 3, 1}, {404, 1, 1}, {302, 1, 1}}) {
    CAPTURE(row.status);
    Wires wires(true, false);
    wires.fail_twice("lab/m");
    wires.tick();
    for (size_t i = 0; i < row.tries; ++i) {
      REQUIRE(wires.until([&] { return wires.webhooks.size() == i + 1; }));
      REQUIRE(wires.until([&] { return wires.webhooks[i]->has("\"version\""); }));
      CHECK(wires.webhooks[i]->text == wires.webhooks[0]->text);
      CHECK(wires.lost() == 0);
      answer(*wires.webhooks[i], row.status);
    }
    wires.turn();
    CHECK(wires.webhooks.back()->ended);
    CHECK(wires.lost() == row.lost);
    // It is ready for the next alert.
    wires.fail_twice("lab/next");
    wires.tick();
    REQUIRE(wires.webhooks.size() == row.tries + 1);
    CHECK(json::parse(body_of(wires.webhooks.back()->text))["subject"] == "lab/next");
    answer(*wires.webhooks.back(), 503);
    CHECK(wires.until([&] { return wires.webhooks.size() == row.tries + 2; }));  // the next alert has its own tries
  }
}

TEST_CASE("a try that succeeds is the last") {
  Wires wires(true, false);
  wires.fail_twice("lab/m");
  wires.tick();
  REQUIRE(wires.webhooks.size() == 1);
  wires.webhooks[0].reset();  // hangs up
  REQUIRE(wires.until([&] { return wires.webhooks.size() == 2; }));
  wires.webhooks[1]->stream->write("not HTTP\r\n\r\n");
  REQUIRE(wires.until([&] { return wires.webhooks.size() == 3; }));
  answer(*wires.webhooks[2], 200, "content-length: 5\r\n\r\n");  // the sender does not wait for the body
  wires.turn();
  CHECK(wires.webhooks[2]->ended);
  CHECK(wires.lost() == 0);
}

TEST_CASE("whoever does not answer in time is hung up on") {
  Wires wires(true, false);
  wires.fail_twice("lab/m");
  wires.tick();
  CHECK(wires.until([&] { return wires.lost() == 1; }));
  CHECK(wires.webhooks.size() == 3);
  wires.turn();
  for (const auto& peer : wires.webhooks) CHECK(peer->ended);
  CHECK(wires.logged().find("warn an alert was not delivered to=webhook reason=target_timeout") != std::string::npos);
}

TEST_CASE("a connection that is never made is given up") {
  struct NoWay final : net::Dialer {
    struct Waiting final : net::Dial {
      std::string stage() const override { return "connecting to hooks.test"; }
    };
    std::unique_ptr<net::Dial> dial(Done) override {
      ++dials;
      return std::make_unique<Waiting>();
    }
    int dials = 0;
  };
  net::Loop loop;
  auto dialer = std::make_unique<NoWay>();
  const NoWay& way = *dialer;
  std::vector<std::string> lost;
  AlertChannel channel(loop, std::move(dialer), quick, [&](std::string_view why) { lost.emplace_back(why); });
  channel.send("a");
  for (int i = 0; i < 300 && lost.empty(); ++i) loop.run_once(true);
  CHECK(way.dials == 3);
  CHECK(lost == std::vector<std::string>{"target_timeout"});
  CHECK(channel.idle());
}

TEST_CASE("connecting and answering have deadlines of their own") {
  net::Loop loop;
  std::vector<std::unique_ptr<Peer>> peers;
  auto dialer = std::make_unique<net::MemoryDialer>(
      loop, [&](std::unique_ptr<net::Stream> stream) { peers.push_back(std::make_unique<Peer>(std::move(stream))); });
  size_t lost = 0;
  const AlertPatience patience{.connect_ms = 600'000, .response_ms = 40, .max_tries = 1, .rest_ms = 1};
  AlertChannel channel(loop, std::move(dialer), patience, [&](std::string_view) { ++lost; });
  channel.send("a");
  for (int i = 0; i < 300 && lost == 0; ++i) loop.run_once(true);
  CHECK(lost == 1);
  CHECK(peers.size() == 1);
  peers.clear();
  for (int i = 0; i < 10; ++i) loop.run_once(false);
}

TEST_CASE("what waits is bounded: the oldest are dropped and counted") {
  Wires wires(true, false);
  wires.fail_twice("lab/first");
  wires.tick();  // being sent to a peer that does not answer
  for (size_t i = 0; i < AlertChannel::max_waiting + 3; ++i) {
    wires.fail_twice("lab/" + std::to_string(i));
    wires.sender->tick(now);
  }
  CHECK(wires.lost() == 3);
  answer(*wires.webhooks[0], 200);
  wires.turn();
  REQUIRE(wires.webhooks.size() == 2);
  CHECK(json::parse(body_of(wires.webhooks[1]->text))["subject"] == "lab/3");
  CHECK(wires.logged().find("an alert was not delivered to=webhook reason=dropped") != std::string::npos);
}

TEST_CASE("one place that hangs does not keep the other from being told") {
  Wires wires;
  for (int i = 0; i < 3; ++i) {
    wires.fail_twice("lab/" + std::to_string(i));
    wires.tick();
    REQUIRE(wires.sentries.size() == static_cast<size_t>(i) + 1);
    answer(*wires.sentries.back(), 200);
    wires.turn();
  }
  CHECK(wires.webhooks.size() == 1);
}

TEST_CASE("without a place to be told there is the log") {
  Wires wires(false, false);
  wires.fail_twice("lab/m", "refused");
  wires.tick();
  wires.tick(now + 300'001);
  const std::string log = wires.logged();
  INFO(log);
  CHECK(log.find(" warn alert: failing subject=lab/m failures=2 code=target_refused last_error=refused\n") !=
        std::string::npos);
  CHECK(log.find(" info alert: recovered subject=lab/m failures=2 code=target_refused last_error=refused\n") !=
        std::string::npos);
}

TEST_CASE("no secret is in what is sent or logged, nor where it is sent to") {
  Wires wires;
  const std::string planted(secret);
  wires.fail_twice("lab/" + planted, std::string(max_alert_error_bytes - 5, 'e') + planted);
  wires.tick();
  REQUIRE(wires.webhooks.size() == 1);
  REQUIRE(wires.sentries.size() == 1);
  for (const std::string& text : {body_of(wires.webhooks[0]->text), body_of(wires.sentries[0]->text)}) {
    CHECK(text.find(planted.substr(0, 4)) == std::string::npos);
    CHECK(text.find("lab/***") != std::string::npos);
    CHECK(text.find("eee***") != std::string::npos);
  }
  wires.webhooks[0].reset();
  answer(*wires.sentries[0], 403);
  CHECK(wires.until([&] { return wires.lost() == 2; }));
  const std::string log = wires.logged();
  INFO(log);
  for (const std::string_view part : {std::string_view("token-1"), std::string_view("hooks.test"),
                                      std::string_view("k1,"), std::string_view("sentry.test"), secret}) {
    CHECK(log.find(part) == std::string::npos);
  }
}

}  // namespace
}  // namespace sluice::alerts
