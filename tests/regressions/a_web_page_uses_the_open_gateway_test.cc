// Without keys, any web page open in a browser on this machine could chat, reload and change the log level, and a page
// whose name was made to resolve to 127.0.0.1 (DNS rebinding) could read everything.
#include <catch2/catch.hpp>

#include "gateway/admission.h"
#include "gateway/web_gate.h"
#include "support/fake_clock.h"
#include "support/fake_responder.h"

namespace sluice::gateway {
namespace {

using From = WebGate::From;

http::RequestHead head_with(std::initializer_list<http::Field> fields, http::Method method = http::Method::post) {
  http::RequestHead head;
  head.method = method;
  head.target = "/v1/chat/completions";
  for (const http::Field& field : fields) head.fields.add(field.name, field.value);
  return head;
}

config::Config open_config() {
  config::Config config;
  config.listen = {{"127.0.0.1", 8000, ""}};
  config.hosts = {"gateway.lan"};
  config.cors.origins = {"http://localhost:3000"};
  return config;
}

TEST_CASE("without keys, only programs of this machine and pages of its own are served") {
  const config::Config config = open_config();
  const WebGate gate(config, false);
  const test::FakeResponder responder;
  const auto look = [&](std::initializer_list<http::Field> fields) -> std::string {
    const Result<From> from = gate.look(head_with(fields), responder);
    if (!from) return std::string(name_of(from.error().code));
    return *from == From::program ? "program" : *from == From::listed_page ? "listed" : "preflight";
  };
  for (const std::string_view host : {"localhost", "LOCALHOST:8000", "localhost.:8000", "127.0.0.1:1", "127.8.9.1",
                                      "[::1]:8000", "app.localhost", "gateway.lan:8000", "Gateway.LAN"}) {
    CAPTURE(host);
    CHECK(look({{"Host", host}}) == "program");
  }
  for (const std::string_view host :
       {"evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8000", "evil.gateway.lan", "0.0.0.0:8000",
        "192.0.2.7", "[2001:db8::1]", "[::1].evil.example", "evillocalhost", "x", "127.0.0.1@evil.example"}) {
    CAPTURE(host);
    CHECK(look({{"Host", host}}) == "forbidden");
    CHECK(look({{"host", host}, {"origin", "http://" + std::string(host)}}) == "forbidden");
  }
  const http::Field own = {"host", "localhost:8000"};
  CHECK(look({own, {"origin", "http://localhost:8000"}, {"sec-fetch-site", "same-origin"}}) == "program");
  CHECK(look({{"host", "localhost"}, {"origin", "http://localhost"}}) == "program");
  CHECK(look({{"host", "localhost:80"}, {"origin", "http://localhost"}}) == "program");
  CHECK(look({own, {"sec-fetch-site", "none"}}) == "program");
  for (const std::string_view origin : {"null", "https://evil.example", "http://localhost", "http://localhost:3001",
                                        "http://127.0.0.1:8000", "file://", "", "http://localhost:8000.evil.example"}) {
    CAPTURE(origin);
    CHECK(look({own, {"Origin", origin}}) == (origin.empty() ? "program" : "forbidden"));
    CHECK(look({own, {"Origin", "http://localhost:8000"}, {"origin", origin}}) == "forbidden");
  }
  CHECK(look({own, {"sec-fetch-site", "cross-site"}}) == "forbidden");
  CHECK(look({own, {"Sec-Fetch-Site", "same-site"}}) == "forbidden");
  CHECK(look({own, {"sec-fetch-site", "same-site"}, {"origin", "http://localhost:8000"}}) == "program");
  CHECK(look({own, {"origin", "http://localhost:3000"}, {"sec-fetch-site", "same-site"}}) == "listed");
  const Result<From> refused = gate.look(head_with({{"host", "evil.example"}}), responder);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("\"hosts\"") != std::string::npos);
}

TEST_CASE("with keys, where a request comes from is not asked, but for a preflight") {
  config::Config config = open_config();
  config.keys.resize(1);
  const WebGate gate(config, false);
  const test::FakeResponder responder;
  CHECK(*gate.look(head_with({{"host", "evil.example"}, {"origin", "null"}}), responder) == From::program);
  CHECK(*gate.look(head_with({{"host", "x"}, {"origin", "HTTP://localhost:3000"}}), responder) == From::listed_page);
  const http::RequestHead asks =
      head_with({{"host", "x"}, {"origin", "https://evil.example"}, {"access-control-request-method", "POST"}},
                http::Method::options);
  const Result<From> refused = gate.look(asks, responder);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("\"cors\": {\"origins\"") != std::string::npos);
}

TEST_CASE("who connected from elsewhere while there were keys is not served once there are none") {
  struct Elsewhere : http::Responder {
    std::string from;
    void send_head_lines(int, std::string_view, Length, std::string_view) override {}
    void flush_head() override {}
    void send_body(std::span<const std::string_view>, bool) override {}
    void finish() override {}
    bool recall_head() override { return false; }
    void abort() override {}
    bool head_sent() const override { return false; }
    size_t pending_bytes() const override { return 0; }
    void pause_body() override {}
    void resume_body() override {}
    std::string peer() const override { return from; }
    uint64_t received_ns() const override { return 0; }
    uint64_t read_ns() const override { return 0; }
    uint64_t bytes_in() const override { return 0; }
    uint64_t bytes_out() const override { return 0; }
    net::Loop& loop() override { std::abort(); }
  } responder;
  const config::Config config = open_config();
  const WebGate gate(config, true);
  const http::RequestHead head = head_with({{"host", "localhost"}});
  responder.from = "192.0.2.9:5000";
  CHECK_FALSE(gate.look(head, responder));
  responder.from = "127.0.0.1:5000";
  CHECK(gate.look(head, responder));
  responder.from = "unix";
  CHECK(gate.look(head_with({{"host", "anything"}}), responder));
}

TEST_CASE("without keys, /admin is for nobody who comes through a proxy, nor for a page of another origin") {
  const policy::CallerKeys none({}, 7, test::fixed_time_s);
  CHECK(admit_admin(none, head_with({{"host", "localhost"}}), "127.0.0.1:5"));
  for (const std::string_view name :
       {"Via", "X-Real-IP", "CF-Connecting-IP", "Forwarded", "X-Forwarded-For", "x-forwarded-host", "X-Forwarded-Proto",
        "x-forwarded", "True-Client-IP", "X-Client-IP", "Fly-Client-IP", "cdn-loop", "X-Original-Forwarded-For"}) {
    CAPTURE(name);
    CHECK_FALSE(admit_admin(none, head_with({{"host", "localhost"}, {name, "a"}}), "127.0.0.1:5"));
    CHECK_FALSE(admit_admin(none, head_with({{"host", "localhost"}, {name, ""}}), "unix"));
  }
  CHECK_FALSE(
      admit_admin(none, head_with({{"host", "localhost"}, {"origin", "http://localhost:3000"}}), "127.0.0.1:5"));
  CHECK(admit_admin(none, head_with({{"host", "localhost"}, {"origin", "http://localhost"}}), "127.0.0.1:5"));
}

}  // namespace
}  // namespace sluice::gateway
