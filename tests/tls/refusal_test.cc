// Every way in which a connection to a target can fail is reported once, with its reason, and never hangs.
#include <openssl/ssl.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "fixture.h"
#include "openssl_peer.h"

namespace sluice::test {
namespace {

constexpr long day_s = 24 * 3600;

// The error of dialing `name` when `context` meets a peer with `options`.
Error refusal(Carrier carrier, std::shared_ptr<tls::TargetContext> context, const PeerOptions& options,
              const std::string& name = host) {
  net::Loop loop;
  auto [near, far] = make_pair(loop, carrier);
  const auto peer_context = OpensslPeer::listening(options);
  OpensslPeer peer(loop, peer_context.get(), std::move(far));
  Dialed dialed(loop, std::move(context), name, std::move(near));
  REQUIRE(run_until(loop, [&] { return dialed.over(); }));
  CHECK(dialed.times == 1);
  REQUIRE(dialed.error);
  // The peer gets an alert, and does not wait either.
  CHECK(run_until(loop, [&] { return !peer.failure.empty(); }));
  return *dialed.error;
}

TEST_CASE("a certificate that does not hold is refused, with the reason") {
  const Authority authority;
  const Authority other("another root");
  const Certificate expired =
      authority.root.sign({.names = {"DNS:" + host}, .not_before_s = -20 * day_s, .not_after_s = -10 * day_s});
  const Certificate early =
      authority.root.sign({.names = {"DNS:" + host}, .not_before_s = 10 * day_s, .not_after_s = 20 * day_s});
  const Certificate alone = Certificate::self_signed({.names = {"DNS:" + host}});
  const Certificate strange = authority.root.sign(
      {.names = {"DNS:a.example", "DNS:b.example", "IP:10.0.0.1", "IP:fd00::1", "DNS:c.example", "DNS:d.example"}});
  const Certificate nameless = authority.root.sign({.common_name = host, .names = {}});
  const Certificate forged = authority.root.sign({.names = {"DNS:x.example\n[error] all is lost"}});
  const Certificate no_authority = authority.leaf.sign({.common_name = "below a leaf", .names = {"DNS:" + host}});

  struct Row {
    const char* what;
    const Certificate* certificate;
    const Certificate* issuer;
    std::string name;
    std::vector<std::string> reasons;
  };
  const std::vector<Row> rows = {
      {"expired", &expired, nullptr, host, {"certificate has expired (notAfter=2"}},
      {"not yet valid", &early, nullptr, host, {"certificate is not yet valid (notBefore=2"}},
      {"self-signed", &alone, nullptr, host, {"self-signed certificate"}},
      {"untrusted", &other.leaf, nullptr, host, {"unable to get local issuer certificate (untrusted root"}},
      {"untrusted, root sent along",
       &other.leaf,
       &other.root,
       host,
       {"self-signed certificate in certificate chain (untrusted root"}},
      {"wrong host",
       &strange,
       nullptr,
       host,
       {"hostname mismatch: certificate is for a.example, b.example, 10.0.0.1, fd00::1 and 2 more"}},
      {"no subjectAltName", &nameless, nullptr, host, {"hostname mismatch: certificate is for no name"}},
      {"a name that forges the log", &forged, nullptr, host, {"certificate is for x.example?[error]?all?is?lost"}},
      {"signed by a leaf", &no_authority, &authority.leaf, host, {"invalid CA certificate"}},
      {"wrong address", &authority.leaf, nullptr, "127.0.0.2", {"hostname mismatch", "127.0.0.1"}},
      {"address, but a name is asked for", &authority.leaf, nullptr, "localhost", {"hostname mismatch"}},
      {"two labels for one star", &authority.leaf, nullptr, "a.b.wild.example.com", {"hostname mismatch"}},
  };
  const Carrier carrier = GENERATE(Carrier::memory, Carrier::sockets);
  for (const Row& row : rows) {
    CAPTURE(row.what);
    const Error error = refusal(carrier, authority.trusting_context(),
                                {.certificate = row.certificate, .issuer = row.issuer}, row.name);
    CHECK(error.code == ErrorCode::target_tls);
    CHECK_THAT(error.message, Catch::StartsWith("TLS to " + row.name + " failed: "));
    for (const std::string& reason : row.reasons) CHECK_THAT(error.message, Catch::Contains(reason));
    CHECK(error.message.find('\n') == std::string::npos);
  }
}

TEST_CASE("the machine's own authorities do not vouch for a test root, and insecure_skip_verify asks nobody") {
  const Authority authority;
  const Error error = refusal(Carrier::memory, authority.target_context({}), {.certificate = &authority.leaf});
  CHECK(error.code == ErrorCode::target_tls);
  CHECK_THAT(error.message, Catch::Contains("unable to get local issuer certificate (untrusted root"));

  const Certificate alone = Certificate::self_signed({.names = {"DNS:elsewhere.example"}, .not_after_s = -60});
  net::Loop loop;
  auto [near, far] = make_pair(loop, Carrier::memory);
  const auto peer_context = OpensslPeer::listening({.certificate = &alone});
  OpensslPeer peer(loop, peer_context.get(), std::move(far));
  Dialed dialed(loop, authority.target_context({.insecure_skip_verify = true}), host, std::move(near));
  REQUIRE(run_until(loop, [&] { return dialed.over(); }));
  CHECK(dialed.stream);
}

TEST_CASE("a peer without TLS 1.2 is named as such") {
  const Authority authority;
  const Error error = refusal(Carrier::memory, authority.trusting_context(),
                              {.certificate = &authority.leaf, .most_version = TLS1_1_VERSION, .old_ciphers = true});
  CHECK(error.code == ErrorCode::target_tls);
  CHECK_THAT(error.message, Catch::Contains("peer only speaks TLS 1.1"));
}

// A peer that sends `answer` to the first bytes it gets, and then hangs up if `hangs_up`.
struct ScriptedPeer : Recorder {
  ScriptedPeer(net::Loop& loop, std::unique_ptr<net::Stream> own, std::string answer, bool hangs_up)
      : stream(std::move(own)) {
    also = [this, &loop, answer = std::move(answer), hangs_up](std::string_view) {
      if (!stream) return;
      if (!answer.empty()) stream->write(answer);
      if (!hangs_up) return;
      stream->set_events(nullptr);
      loop.dispose(std::move(stream));
    };
    stream->set_events(this);
    stream->start_reading();
  }
  ~ScriptedPeer() {
    if (stream) stream->set_events(nullptr);
  }
  std::unique_ptr<net::Stream> stream;
};

std::string hello_of_version(char minor) {
  return std::string("\x16\x03", 2) + minor + std::string("\x00\x31\x02\x00\x00\x2d\x03", 7) + minor +
         std::string(32, 'r') + std::string("\x00\xc0\x13\x00\x00\x05\xff\x01\x00\x01\x00", 11);
}

TEST_CASE("what is not TLS is told from what is") {
  struct Row {
    std::string answer;
    std::string reason;
  };
  const Row row = GENERATE(from_range(std::vector<Row>{
      {hello_of_version(2), "peer only speaks TLS 1.1 "},
      {hello_of_version(1), "peer only speaks TLS 1.0 "},
      {hello_of_version(0), "peer only speaks SSL 3.0 "},
      {std::string("\x15\x03\x02\x00\x02\x02\x46", 7), "peer only speaks TLS 1.1 "},
      {std::string("\x15\x03\x03\x00\x02\x02\x46", 7), "peer only speaks TLS 1.1 or older"},
      {std::string("\x15\x03\x03\x00\x02\x02\x28", 7), "peer refused the handshake"},
      {std::string("\x15\x03\x03\x00\x02\x02\x70", 7), "peer has no certificate for this name"},
      {std::string("\x15\x03\x03\x00\x02\x02\x50", 7), "peer refused (alert: internal error)"},
      {"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n", "peer answered in plain HTTP, not TLS"},
      {"220 mail.example ESMTP\r\n", "peer does not speak TLS"},
      {std::string(4096, '\0'), "peer does not speak TLS"},
      {std::string(100'000, '\xff'), "peer does not speak TLS"},
  }));
  const Carrier carrier = GENERATE(from_range(carriers));
  const bool hangs_up = GENERATE(false, true);
  const Authority authority;
  net::Loop loop;
  auto [near, far] = make_pair(loop, carrier);
  ScriptedPeer peer(loop, std::move(far), row.answer, hangs_up);
  Dialed dialed(loop, authority.trusting_context(), host, std::move(near));
  REQUIRE(run_until(loop, [&] { return dialed.over(); }));
  REQUIRE(dialed.error);
  CHECK(dialed.error->code == ErrorCode::target_tls);
  CHECK_THAT(dialed.error->message, Catch::Contains("TLS to " + host + " failed: " + row.reason));
}

TEST_CASE("a record that is cut or a peer that says nothing and hangs up is a cut") {
  const std::string answer = GENERATE(as<std::string>(), "", "\x16", std::string("\x16\x03\x03\x01", 4), "HT");
  const Carrier carrier = GENERATE(from_range(carriers));
  const Authority authority;
  net::Loop loop;
  auto [near, far] = make_pair(loop, carrier);
  ScriptedPeer peer(loop, std::move(far), answer, true);
  Dialed dialed(loop, authority.trusting_context(), host, std::move(near));
  REQUIRE(run_until(loop, [&] { return dialed.over(); }));
  REQUIRE(dialed.error);
  CHECK(dialed.error->code == ErrorCode::target_tls);
  const std::string reason = "peer cut the connection during the TLS handshake";
  CHECK_THAT(dialed.error->message, Catch::StartsWith("TLS to " + host + " failed: " + reason));
}

// Cuts at the first record's edges, at a sample of later positions, and in the last message (a signature may be some
// bytes shorter in one handshake than in the next).
std::set<size_t> cuts_of(size_t all) {
  std::set<size_t> cuts = {0, 1, 4, 5, 6, all - 8};
  for (size_t cut = 7; cut < all - 8; cut += 41) cuts.insert(cut);
  return cuts;
}

TEST_CASE("a target that cuts the handshake at any point is told as that") {
  const Authority authority;
  const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  const auto context =
      OpensslPeer::listening({.certificate = &authority.leaf, .least_version = version, .most_version = version});
  const auto ours = authority.trusting_context();
  const auto attempt = [&](Carrier carrier, size_t cut_after, const auto& check) {
    net::Loop loop;
    auto [near, far] = make_pair(loop, carrier);
    OpensslPeer peer(loop, context.get(), std::move(far), cut_after);
    Dialed dialed(loop, ours, host, std::move(near));
    REQUIRE(run_until(loop, [&] { return dialed.over(); }));
    run_until(loop, [&] { return peer.done || cut_after != OpensslPeer::never; });
    check(dialed, peer);
  };
  size_t all = 0;
  attempt(Carrier::memory, OpensslPeer::never, [&](Dialed& dialed, OpensslPeer& peer) {
    REQUIRE(dialed.stream);
    // In TLS 1.2 the listening side sends the last message.
    all = version == TLS1_2_VERSION ? peer.sent : peer.sent_before_done;
  });
  REQUIRE(all > 500);
  for (const size_t cut : cuts_of(all)) {
    for (const Carrier carrier : {Carrier::memory, Carrier::sockets}) {
      attempt(carrier, cut, [&](Dialed& dialed, OpensslPeer&) {
        CAPTURE(cut, all);
        CHECK(dialed.times == 1);
        REQUIRE(dialed.error);
        CHECK(dialed.error->code == ErrorCode::target_tls);
        CHECK_THAT(dialed.error->message, Catch::Contains("peer cut the connection during the TLS handshake"));
      });
    }
  }
}

TEST_CASE("a caller that cuts the handshake at any point, or speaks no TLS, is told as gone") {
  const Authority authority;
  const auto listener = authority.listener_context();
  const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  const auto context = OpensslPeer::calling({.least_version = version, .most_version = version});
  const auto attempt = [&](size_t cut_after, const auto& check) {
    net::Loop loop;
    auto [near, far] = make_pair(loop, Carrier::memory);
    Recorder recorder;
    const auto accepted = tls::accept_tls(loop, *listener, std::move(near));
    accepted->set_events(&recorder);
    accepted->start_reading();
    OpensslPeer peer(loop, context.get(), std::move(far), cut_after);
    REQUIRE(run_until(loop, [&] { return recorder.broken || peer.done; }));
    run_dry(loop);
    check(recorder, peer);
  };
  size_t all = 0;
  attempt(OpensslPeer::never, [&](Recorder&, OpensslPeer& peer) { all = peer.sent; });
  REQUIRE(all > 200);
  for (const size_t cut : cuts_of(all)) {
    attempt(cut, [&](Recorder& recorder, OpensslPeer&) {
      CAPTURE(cut, all);
      REQUIRE(recorder.broken);
      CHECK(recorder.broken->code == ErrorCode::caller_gone);
      CHECK(recorder.events_after_break == 0);
      CHECK_THAT(recorder.broken->message, Catch::Contains("during the TLS handshake"));
    });
  }
}

TEST_CASE("callers without TLS, or with old TLS, get no further") {
  const Authority authority;
  const auto listener = authority.listener_context();
  struct Row {
    std::string sent;
    std::string reason;
  };
  const Row row = GENERATE(from_range(std::vector<Row>{
      {"GET / HTTP/1.1\r\nhost: x\r\n\r\n", "plain HTTP request on a TLS port"},
      {"POST /v1/chat/completions HTTP/1.1\r\n", "plain HTTP request on a TLS port"},
      {std::string(64, '\0'), "peer does not speak TLS"},
  }));
  net::Loop loop;
  auto [near, far] = make_pair(loop, GENERATE(from_range(carriers)));
  Recorder recorder;
  const auto accepted = tls::accept_tls(loop, *listener, std::move(near));
  accepted->set_events(&recorder);
  accepted->start_reading();
  far->write(row.sent);
  REQUIRE(run_until(loop, [&] { return recorder.broken != nullptr; }));
  CHECK(recorder.broken->code == ErrorCode::caller_gone);
  CHECK_THAT(recorder.broken->message, Catch::StartsWith("TLS with the caller failed: " + row.reason));
  run_dry(loop);
  CHECK(recorder.events_after_break == 0);
}

TEST_CASE("callers with TLS 1.1 only are refused with an alert") {
  const Authority authority;
  const auto listener = authority.listener_context();
  net::Loop loop;
  auto [near, far] = make_pair(loop, Carrier::memory);
  Recorder recorder;
  const auto accepted = tls::accept_tls(loop, *listener, std::move(near));
  accepted->set_events(&recorder);
  accepted->start_reading();
  const auto context = OpensslPeer::calling({.most_version = TLS1_1_VERSION, .old_ciphers = true});
  OpensslPeer peer(loop, context.get(), std::move(far));
  REQUIRE(run_until(loop, [&] { return recorder.broken && !peer.failure.empty(); }));
  CHECK_THAT(recorder.broken->message, Catch::Contains("peer only speaks TLS 1.1 or older"));
  CHECK_THAT(peer.failure, Catch::Contains("protocol version"));
}

TEST_CASE("what kept the inner dialer from connecting is passed on, and a name that is none is an error") {
  const Authority authority;
  net::Loop loop;
  Dialed dialed(loop, authority.trusting_context(), host, nullptr);
  REQUIRE(run_until(loop, [&] { return dialed.over(); }));
  REQUIRE(dialed.error);
  CHECK(dialed.error->code == ErrorCode::target_refused);
  CHECK(dialed.error->message == "nobody listens");

  for (const std::string& name : {std::string(), std::string(300, 'a')}) {
    auto [near, far] = make_pair(loop, Carrier::memory);
    Dialed nameless(loop, authority.trusting_context(), name, std::move(near));
    REQUIRE(run_until(loop, [&] { return nameless.over(); }));
    REQUIRE(nameless.error);
    CHECK(nameless.error->code == ErrorCode::target_tls);
  }
}

}  // namespace
}  // namespace sluice::test
