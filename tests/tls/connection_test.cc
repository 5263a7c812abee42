// Working connections: names, versions, ALPN, resumption, client certificates, how they end.
#include <openssl/ssl.h>

#include <catch2/catch.hpp>

#include "fixture.h"
#include "openssl_peer.h"

namespace sluice::test {
namespace {

// A target's connection to an OpensslPeer.
struct Joined {
  Joined(Carrier carrier, std::shared_ptr<tls::TargetContext> context, const PeerOptions& options,
         const std::string& name = host)
      : peer_context(OpensslPeer::listening(options)) {
    auto [near, far] = make_pair(loop, carrier);
    peer = std::make_unique<OpensslPeer>(loop, peer_context.get(), std::move(far));
    dialed = std::make_unique<Dialed>(loop, std::move(context), name, std::move(near));
    REQUIRE(run_until(loop, [&] { return dialed->error || (dialed->stream && peer->done); }));
    if (dialed->error) FAIL_CHECK(dialed->error->message);
    REQUIRE(dialed->stream);
    dialed->stream->set_events(&recorder);
    dialed->stream->start_reading();
  }
  ~Joined() {
    if (dialed->stream) dialed->stream->set_events(nullptr);
  }
  bool until(const std::function<bool()>& done) { return run_until(loop, done); }

  net::Loop loop;
  std::shared_ptr<SSL_CTX> peer_context;
  std::unique_ptr<OpensslPeer> peer;
  std::unique_ptr<Dialed> dialed;
  Recorder recorder;
};

const std::string http_1_1 = "\x08http/1.1";
const std::string h2 = "\x02h2";

TEST_CASE("names and addresses that the certificate is for are accepted, with the right SNI") {
  struct Row {
    std::string name;
    std::string sni;
  };
  const Row row = GENERATE(from_range(std::vector<Row>{{host, host},
                                                       {host + ".", host},
                                                       {"API.Example.COM", "API.Example.COM"},
                                                       {"a.wild.example.com", "a.wild.example.com"},
                                                       {"127.0.0.1", ""},
                                                       {"::1", ""},
                                                       {"[::1]", ""}}));
  const Authority authority;
  Joined joined(GENERATE(Carrier::memory, Carrier::sockets), authority.trusting_context(),
                {.certificate = &authority.leaf}, row.name);
  REQUIRE(joined.until([&] { return joined.peer->done; }));
  const char* sni = SSL_get_servername(joined.peer->ssl(), TLSEXT_NAMETYPE_host_name);
  CHECK((sni ? std::string(sni) : "") == row.sni);
}

TEST_CASE("TLS 1.2 and 1.3 are spoken, and HTTP/1.1 is what is asked for") {
  const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  const std::string protocols = GENERATE(as<std::string>(), "", http_1_1, h2 + http_1_1);
  const Authority authority;
  const PeerOptions options{
      .certificate = &authority.leaf, .least_version = version, .most_version = version, .protocols = protocols};
  Joined joined(Carrier::memory, authority.trusting_context(), options);
  CHECK(joined.dialed->tls().version() == (version == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3"));
  CHECK(joined.dialed->tls().protocol() == (protocols.empty() ? "" : "http/1.1"));
}

TEST_CASE("a target that speaks only HTTP/2 says so") {
  const Authority authority;
  net::Loop loop;
  auto [near, far] = make_pair(loop, Carrier::memory);
  const auto context = OpensslPeer::listening({.certificate = &authority.leaf, .protocols = h2});
  OpensslPeer peer(loop, context.get(), std::move(far));
  Dialed dialed(loop, authority.trusting_context(), host, std::move(near));
  REQUIRE(run_until(loop, [&] { return dialed.over(); }));
  REQUIRE(dialed.error);
  CHECK_THAT(dialed.error->message, Catch::Contains("peer does not speak HTTP/1.1 here"));
}

TEST_CASE("callers get HTTP/1.1 or are refused") {
  struct Row {
    std::string offered;
    std::string chosen;
    bool refused;
  };
  const Row row = GENERATE(from_range(std::vector<Row>{
      {"", "", false}, {http_1_1, "http/1.1", false}, {h2 + http_1_1, "http/1.1", false}, {h2, "", true}}));
  const Authority authority;
  const auto listener = authority.listener_context();
  net::Loop loop;
  auto [near, far] = make_pair(loop, Carrier::memory);
  tls::TlsStream accepted(loop, *listener, std::move(near));
  Recorder recorder;
  accepted.set_events(&recorder);
  accepted.start_reading();
  const auto context = OpensslPeer::calling({.protocols = row.offered});
  OpensslPeer peer(loop, context.get(), std::move(far));
  REQUIRE(run_until(loop, [&] { return recorder.broken || peer.done; }));
  run_dry(loop);
  CHECK((recorder.broken != nullptr) == row.refused);
  if (!row.refused) CHECK(accepted.protocol() == row.chosen);
}

TEST_CASE("close_notify is the end; a connection that ends without it was cut") {
  const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  const Carrier carrier = GENERATE(from_range(carriers));
  const Authority authority;
  const PeerOptions options{.certificate = &authority.leaf, .least_version = version, .most_version = version};
  Joined joined(carrier, authority.trusting_context(), options);
  joined.peer->send("answer");

  SECTION("close_notify, then FIN") {
    joined.peer->end();
    REQUIRE(joined.until([&] { return joined.recorder.peer_ended; }));
    run_dry(joined.loop);
    CHECK_FALSE(joined.recorder.broken);
    // Our direction still works.
    joined.dialed->stream->write("more");
    joined.dialed->stream->end();
    REQUIRE(joined.until([&] { return joined.recorder.ended; }));
    run_dry(joined.loop);
    CHECK(joined.peer->peer_notified);
  }
  SECTION("close_notify alone") {
    joined.peer->close_notify();
    REQUIRE(joined.until([&] { return joined.recorder.peer_ended; }));
    joined.peer->cut();
    run_dry(joined.loop);
    CHECK_FALSE(joined.recorder.broken);
  }
  SECTION("FIN alone") {
    REQUIRE(joined.until([&] { return !joined.recorder.received.empty(); }));
    joined.peer->cut();
    REQUIRE(joined.until([&] { return joined.recorder.broken != nullptr; }));
    CHECK(joined.recorder.broken->code == ErrorCode::target_cut);
    CHECK(joined.recorder.broken->message == "connection cut without TLS close_notify");
    CHECK_FALSE(joined.recorder.peer_ended);
    run_dry(joined.loop);
    CHECK(joined.recorder.events_after_break == 0);
  }
  CHECK(joined.recorder.received == "answer");
}

TEST_CASE("the end waits for a reader that stopped") {
  const Authority authority;
  Joined joined(Carrier::memory, authority.trusting_context(), {.certificate = &authority.leaf});
  joined.dialed->stream->stop_reading();
  joined.peer->send("answer");
  joined.peer->end();
  run_dry(joined.loop);
  CHECK_FALSE(joined.recorder.peer_ended);
  joined.recorder.also = [&](std::string_view) { joined.dialed->stream->stop_reading(); };
  joined.dialed->stream->start_reading();
  run_dry(joined.loop);
  CHECK(joined.recorder.received == "answer");
  CHECK_FALSE(joined.recorder.peer_ended);
  joined.dialed->stream->start_reading();
  CHECK_FALSE(joined.recorder.peer_ended);
  REQUIRE(joined.until([&] { return joined.recorder.peer_ended; }));
}

TEST_CASE("what is broken is told to whoever listens next") {
  const Authority authority;
  Joined joined(Carrier::memory, authority.trusting_context(), {.certificate = &authority.leaf});
  run_dry(joined.loop);
  joined.dialed->stream->set_events(nullptr);
  joined.peer->cut();
  run_dry(joined.loop);
  joined.dialed->stream->set_events(&joined.recorder);
  CHECK_FALSE(joined.recorder.broken);
  REQUIRE(joined.until([&] { return joined.recorder.broken != nullptr; }));
}

TEST_CASE("a fresh connection, ended by us before anything is said, ends") {
  const Authority authority;
  const auto listener = authority.listener_context();
  net::Loop loop;
  auto [near, far] = make_pair(loop, Carrier::memory);
  Recorder recorder;
  const auto accepted = tls::accept_tls(loop, *listener, std::move(near));
  accepted->set_events(&recorder);
  accepted->end();
  accepted->end();
  REQUIRE(run_until(loop, [&] { return recorder.ended; }));
  CHECK_FALSE(recorder.broken);
}

TEST_CASE("tickets and key updates after the handshake are taken without an event, and answered") {
  const Authority authority;
  Joined joined(Carrier::memory, authority.trusting_context(), {.certificate = &authority.leaf});
  run_dry(joined.loop);
  for (int i = 0; i < 3; ++i) {
    joined.peer->update_key();
    run_dry(joined.loop);
    joined.dialed->stream->write("after the update ");
    joined.peer->send("and back ");
    run_dry(joined.loop);
  }
  CHECK(joined.peer->received == "after the update after the update after the update ");
  CHECK(joined.recorder.received == "and back and back and back ");
  CHECK(joined.recorder.reads == 3);
  CHECK_FALSE(joined.recorder.broken);
}

TEST_CASE("renegotiation is refused") {
  const Authority authority;
  Joined joined(Carrier::memory, authority.trusting_context(),
                {.certificate = &authority.leaf, .most_version = TLS1_2_VERSION});
  run_dry(joined.loop);
  joined.peer->renegotiate();
  run_dry(joined.loop);
  CHECK_THAT(joined.peer->failure, Catch::Contains("no renegotiation"));
}

TEST_CASE("damaged records and alerts break the connection with a reason") {
  const Authority authority;
  net::Loop loop;
  auto [near, far] = make_pair(loop, Carrier::memory);
  auto [far_near, far_far] = make_pair(loop, Carrier::memory);
  // A relay in between that passes on all bytes, and corrupts them when asked.
  struct Damage : Recorder {
    net::Stream* out = nullptr;
    bool on = false;
    void on_read(std::string_view bytes) override {
      std::string copy(bytes);
      if (on) copy.back() = static_cast<char>(copy.back() ^ 1);
      out->write(copy);
    }
  } damage, back;
  damage.out = far.get();
  back.out = far_near.get();
  far->set_events(&back);
  far->start_reading();
  far_near->set_events(&damage);
  far_near->start_reading();
  const auto peer_context = OpensslPeer::listening({.certificate = &authority.leaf});
  OpensslPeer peer(loop, peer_context.get(), std::move(far_far));
  Dialed dialed(loop, authority.trusting_context(), host, std::move(near));
  REQUIRE(run_until(loop, [&] { return dialed.over(); }));
  REQUIRE(dialed.stream);
  Recorder recorder;
  dialed.stream->set_events(&recorder);
  dialed.stream->start_reading();
  run_dry(loop);
  damage.on = true;
  peer.send("answer");
  REQUIRE(run_until(loop, [&] { return recorder.broken && !peer.failure.empty(); }));
  CHECK(recorder.received.empty());
  CHECK(recorder.broken->code == ErrorCode::target_tls);
  CHECK_THAT(recorder.broken->message, Catch::Contains("bad record mac"));
  CHECK_THAT(peer.failure, Catch::Contains("bad record mac"));
  dialed.stream->set_events(nullptr);
}

TEST_CASE("a target that requires our certificate gets it, or says what is missing") {
  const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  const Authority authority;
  const Authority other("another root");
  const Certificate ours = authority.root.sign({.common_name = "gateway"});
  const std::string cert_file = authority.files.write("ours.pem", ours.certificate_pem());
  const std::string key_file = authority.files.write("ours.key", ours.key_pem());
  const PeerOptions options{
      .certificate = &authority.leaf, .asks_for = &authority.root, .least_version = version, .most_version = version};

  SECTION("given") {
    const auto context = authority.target_context({authority.root_file, cert_file, key_file, false});
    Joined joined(Carrier::memory, context, options);
    REQUIRE(joined.until([&] { return joined.peer->done; }));
    X509* seen = SSL_get0_peer_certificate(joined.peer->ssl());
    REQUIRE(seen);
    CHECK(X509_cmp(seen, ours.certificate()) == 0);
  }
  SECTION("missing, or one it does not trust") {
    const bool missing = GENERATE(true, false);
    const tls::TargetOptions untrusted{authority.root_file, other.leaf_file, other.key_file, false};
    const auto context = missing ? authority.trusting_context() : authority.target_context(untrusted);
    net::Loop loop;
    auto [near, far] = make_pair(loop, Carrier::memory);
    const auto peer_context = OpensslPeer::listening(options);
    OpensslPeer peer(loop, peer_context.get(), std::move(far));
    Dialed dialed(loop, context, host, std::move(near));
    REQUIRE(run_until(loop, [&] { return dialed.over(); }));
    Recorder recorder;
    // In TLS 1.3 our handshake ends before the peer checks the certificate.
    if (dialed.stream) {
      dialed.stream->set_events(&recorder);
      dialed.stream->start_reading();
      REQUIRE(run_until(loop, [&] { return recorder.broken != nullptr; }));
    }
    const Error error = dialed.error ? *dialed.error : *recorder.broken;
    CHECK(error.code == ErrorCode::target_tls);
    const std::string reason = missing ? "requires a certificate of ours" : "does not trust our certificate";
    CHECK_THAT(error.message, Catch::Contains(reason));
    if (dialed.stream) dialed.stream->set_events(nullptr);
  }
}

}  // namespace
}  // namespace sluice::test
