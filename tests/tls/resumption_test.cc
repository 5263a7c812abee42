// Resumed sessions spare later connections the certificates; stored sessions are bounded, used once and forgotten on
// failure.
#include <openssl/ssl.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <ctime>

#include "fixture.h"
#include "openssl_peer.h"
#include "tls/session_cache.h"

namespace sluice::test {
namespace {

// A dialer whose connections all lead to `context`.
struct Target {
  Target(std::shared_ptr<tls::TargetContext> own, std::shared_ptr<SSL_CTX> context) : peer_context(std::move(context)) {
    auto inner = std::make_unique<ReadyDialer>(loop);
    ready = inner.get();
    dialer = std::make_unique<tls::TlsDialer>(loop, std::move(inner), std::move(own), host);
  }
  // Dials, exchanges a few bytes (the tickets arrive with them) and returns whether a session was resumed. If `rude`,
  // closes without close_notify, like a pool that drops a connection.
  bool visit(bool rude) {
    auto [near, far] = make_pair(loop, Carrier::memory);
    ready->add(std::move(near));
    OpensslPeer peer(loop, peer_context.get(), std::move(far));
    Dialed dialed(*dialer);
    REQUIRE(run_until(loop, [&] { return dialed.over(); }));
    if (dialed.error) FAIL_CHECK(dialed.error->message);
    REQUIRE(dialed.stream);
    Recorder recorder;
    dialed.stream->set_events(&recorder);
    dialed.stream->start_reading();
    dialed.stream->write("question");
    REQUIRE(run_until(loop, [&] { return peer.received == "question"; }));
    peer.send("answer");
    REQUIRE(run_until(loop, [&] { return recorder.received == "answer"; }));
    const bool reused = dialed.tls().session_reused();
    CHECK(reused == (SSL_session_reused(peer.ssl()) == 1));
    if (!rude) {
      dialed.stream->end();
      REQUIRE(run_until(loop, [&] { return recorder.ended; }));
    }
    return reused;
  }

  net::Loop loop;
  std::shared_ptr<SSL_CTX> peer_context;
  ReadyDialer* ready;
  std::unique_ptr<tls::TlsDialer> dialer;
};

TEST_CASE("the second connection to a target resumes the first one's session, however that one ended") {
  const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  const bool rude = GENERATE(false, true);
  const Authority authority;
  const PeerOptions options{.certificate = &authority.leaf, .least_version = version, .most_version = version};
  Target target(authority.trusting_context(), OpensslPeer::listening(options));
  CHECK_FALSE(target.visit(rude));
  for (int i = 0; i < 5; ++i) CHECK(target.visit(rude));
}

TEST_CASE("another dialer has sessions of its own") {
  const Authority authority;
  const auto context = authority.trusting_context();
  const auto peer_context = OpensslPeer::listening({.certificate = &authority.leaf});
  Target first(context, peer_context);
  Target second(context, peer_context);
  CHECK_FALSE(first.visit(false));
  CHECK_FALSE(second.visit(false));
  CHECK(first.visit(false));
}

TEST_CASE("a target that forgot its sessions is handshaken with anew") {
  const Authority authority;
  const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  const PeerOptions options{.certificate = &authority.leaf, .least_version = version, .most_version = version};
  Target target(authority.trusting_context(), OpensslPeer::listening(options));
  CHECK_FALSE(target.visit(false));
  CHECK(target.visit(false));
  target.peer_context = OpensslPeer::listening(options);
  CHECK_FALSE(target.visit(false));
  CHECK(target.visit(false));
}

TEST_CASE("callers resume with tickets on the listener's side, without a store") {
  const Authority authority;
  const auto listener = authority.listener_context();
  const auto context = authority.trusting_context();
  net::Loop loop;
  auto inner = std::make_unique<ReadyDialer>(loop);
  ReadyDialer& ready = *inner;
  tls::TlsDialer dialer(loop, std::move(inner), context, host);
  for (int i = 0; i < 3; ++i) {
    auto [near, far] = make_pair(loop, Carrier::memory);
    ready.add(std::move(near));
    tls::TlsStream accepted(loop, *listener, std::move(far));
    Recorder caller, recorder;
    accepted.set_events(&recorder);
    accepted.start_reading();
    Dialed dialed(dialer);
    REQUIRE(run_until(loop, [&] { return dialed.over(); }));
    REQUIRE(dialed.stream);
    dialed.stream->set_events(&caller);
    dialed.stream->start_reading();
    run_dry(loop);
    CHECK(accepted.session_reused() == (i > 0));
    CHECK(dialed.tls().session_reused() == (i > 0));
    dialed.stream->set_events(nullptr);
  }
}

constexpr int64_t now_s = 1'767'225'600;

tls::Owned<SSL_SESSION> session(int version, long age_s = 0, long timeout_s = 300) {
  tls::Owned<SSL_SESSION> made(SSL_SESSION_new());
  SSL_SESSION_set_protocol_version(made.get(), version);
  const unsigned char id[] = {1, 2, 3};
  SSL_SESSION_set1_id(made.get(), id, sizeof(id));  // otherwise it cannot be resumed
  SSL_SESSION_set_time(made.get(), now_s - age_s);
  SSL_SESSION_set_timeout(made.get(), timeout_s);
  return made;
}

TEST_CASE("the cache is bounded, gives the newest first and a TLS 1.3 session once") {
  tls::SessionCache cache;
  CHECK_FALSE(cache.take(now_s));
  std::vector<SSL_SESSION*> sessions;
  for (size_t i = 0; i < tls::SessionCache::max_sessions + 3; ++i) {
    auto made = session(TLS1_3_VERSION);
    sessions.push_back(made.get());
    cache.put(std::move(made));
    CHECK(cache.size() == std::min(i + 1, tls::SessionCache::max_sessions));
  }
  for (size_t i = 0; i < tls::SessionCache::max_sessions; ++i) {
    CHECK(cache.take(now_s).get() == sessions[sessions.size() - 1 - i]);
  }
  CHECK_FALSE(cache.take(now_s));
}

TEST_CASE("a TLS 1.2 session serves many, and one that ran out serves nobody") {
  tls::SessionCache cache;
  cache.put(session(TLS1_2_VERSION));
  const auto first = cache.take(now_s);
  const auto second = cache.take(now_s);
  REQUIRE(first);
  CHECK(first == second);
  cache.clear();
  CHECK_FALSE(cache.take(now_s));

  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    cache.put(session(version, 300, 300));
    cache.put(session(version, 301, 300));
    CHECK_FALSE(cache.take(now_s));
    CHECK(cache.size() == 0);
    cache.put(session(version, 290, 300));
    CHECK(cache.take(now_s));
    cache.clear();
  }
}

}  // namespace
}  // namespace sluice::test
