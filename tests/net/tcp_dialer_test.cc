#include "net/tcp_dialer.h"

#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <optional>

#include "net/listener.h"
#include "net/recorder.h"
#include "net/resolver.h"
#include "net/stream_pairs.h"

namespace sluice::net {
namespace {

using Dialed = Result<std::unique_ptr<Stream>>;

// A resolver that resolves every name to the test's addresses, and a listener on 127.0.0.1.
struct World {
  Loop loop;
  std::vector<std::string> ips;  // empty: the name is unknown
  Resolver resolver{loop, options()};
  std::vector<std::unique_ptr<Stream>> accepted;
  std::unique_ptr<Listener> listener;
  uint16_t port = 0;
  std::optional<Dialed> dialed;

  World() {
    auto socket = ListenSocket::tcp("127.0.0.1", 0);
    REQUIRE(socket);
    port = socket->port();
    listener = std::make_unique<Listener>(
        loop, std::move(*socket), [this](std::unique_ptr<Stream> stream) { accepted.push_back(std::move(stream)); });
  }
  ResolverOptions options() {
    ResolverOptions result;
    result.lookup = [this](const std::string& host, const std::function<void(Resolver::Addresses)>& done) {
      std::vector<SocketAddress> addresses;
      for (const std::string& ip : ips) addresses.push_back(*SocketAddress::parse_ip(ip));
      if (addresses.empty()) return done(fail(ErrorCode::target_unresolved, "cannot resolve " + host));
      done(std::move(addresses));
    };
    return result;
  }
  std::unique_ptr<Dial> dial(Dialer& dialer) {
    auto result = dialer.dial([this](Dialed result_of) { dialed.emplace(std::move(result_of)); });
    CHECK_FALSE(dialed);
    return result;
  }
  bool wait() {
    return turn_until(loop, [&] { return dialed.has_value(); });
  }
};

TEST_CASE("a dial brings a working stream") {
  World world;
  TcpDialer dialer(world.loop, world.resolver, "127.0.0.1", world.port);
  const auto dial = world.dial(dialer);
  CHECK(dial->stage() == "resolving 127.0.0.1");
  REQUIRE(world.wait());
  REQUIRE(*world.dialed);
  CHECK((**world.dialed)->peer() == "127.0.0.1:" + std::to_string(world.port));
  CHECK(turn_until(world.loop, [&] { return world.accepted.size() == 1; }));
  Recorder events;
  world.accepted[0]->set_events(&events);
  world.accepted[0]->start_reading();
  (**world.dialed)->write("hello");
  CHECK(turn_until(world.loop, [&] { return events.got == "hello"; }));
}

TEST_CASE("failures name each address and the reason") {
  World world;
  world.listener.reset();
  const std::string port = ":" + std::to_string(world.port);
  struct Row {
    std::vector<std::string> ips;
    ErrorCode code;
    std::string message;
  };
  const std::vector<Row> rows = {
      {{}, ErrorCode::target_unresolved, "cannot resolve a.test"},
      {{"127.0.0.1"}, ErrorCode::target_refused, "connection refused by 127.0.0.1" + port},
      {{"127.0.0.1", "127.0.0.2"},
       ErrorCode::target_refused,
       "connection refused by 127.0.0.1" + port + "; connection refused by 127.0.0.2" + port},
      {{"127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"},
       ErrorCode::target_refused,
       "connection refused by 127.0.0.1" + port + "; connection refused by 127.0.0.2" + port +
           "; connection refused by 127.0.0.3" + port + "; and 2 more"},
  };
  int number = 0;
  for (const Row& row : rows) {
    world.ips = row.ips;
    world.dialed.reset();
    // A new name each time, because the resolver caches.
    const std::string host = number++ == 0 ? "a.test" : "a" + std::to_string(number) + ".test";
    TcpDialer dialer(world.loop, world.resolver, host, world.port);
    const auto dial = world.dial(dialer);
    REQUIRE(world.wait());
    REQUIRE_FALSE(*world.dialed);
    CHECK(world.dialed->error().code == row.code);
    CHECK(world.dialed->error().message == row.message);
  }
}

TEST_CASE("an address that refuses is followed at once by the next") {
  World world;
  for (int i = 2; i < 16; ++i) world.ips.push_back("127.0.0." + std::to_string(i));
  world.ips.push_back("127.0.0.1");
  TcpDialer dialer(world.loop, world.resolver, "a.test", world.port);
  const uint64_t start_ns = world.loop.now_ns();
  const auto dial = world.dial(dialer);
  REQUIRE(world.wait());
  CHECK(*world.dialed);
  // Waiting for each of the fourteen would take 3.5 s.
  CHECK(world.loop.now_ns() - start_ns < 2'000'000'000);
}

TEST_CASE("families take turns, beginning with the first") {
  if (!has_ipv6()) return;
  World world;
  world.listener.reset();
  world.ips = {"::1", "::1", "127.0.0.1"};
  TcpDialer dialer(world.loop, world.resolver, "a.test", world.port);
  const auto dial = world.dial(dialer);
  REQUIRE(world.wait());
  REQUIRE_FALSE(*world.dialed);
  const std::string port = ":" + std::to_string(world.port);
  CHECK(world.dialed->error().message == "connection refused by [::1]" + port + "; connection refused by 127.0.0.1" +
                                             port + "; connection refused by [::1]" + port);
}

// A listening socket whose queue is full: connecting to it neither succeeds nor fails.
struct Silent {
  int fd;
  std::vector<int> queued;
  explicit Silent(const std::string& ip, uint16_t port) {
    sockaddr_storage storage;
    const socklen_t size = SocketAddress::parse_ip(ip, port)->write_to(storage);
    const auto* address = reinterpret_cast<const sockaddr*>(&storage);
    fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;  // a closed connection of another program may still occupy the port
    REQUIRE(::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0);
    REQUIRE(::bind(fd, address, size) == 0);
    REQUIRE(::listen(fd, 0) == 0);
    for (int i = 0; i < 4; ++i) {
      queued.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
      static_cast<void>(::connect(queued.back(), address, size));
    }
  }
  ~Silent() {
    for (const int each : queued) ::close(each);
    ::close(fd);
  }
};

TEST_CASE("an address that does not answer is overtaken after 250 ms") {
  World world;
  const Silent silent("127.0.0.2", world.port);
  world.ips = {"127.0.0.2", "127.0.0.1"};
  TcpDialer dialer(world.loop, world.resolver, "a.test", world.port);
  const uint64_t start_ms = world.loop.now_ms();
  const auto dial = world.dial(dialer);
  world.loop.run_once(false);
  CHECK(dial->stage() == "connecting to 127.0.0.2:" + std::to_string(world.port));
  REQUIRE(world.wait());
  REQUIRE(*world.dialed);
  CHECK((**world.dialed)->peer() == "127.0.0.1:" + std::to_string(world.port));
  CHECK(world.loop.now_ms() - start_ms >= TcpDialer::stagger_ms);
}

TEST_CASE("a dial destroyed at any stage, or inside done, says nothing and leaves nothing") {
  World world;
  const Silent silent("127.0.0.2", world.port);
  world.ips = {"127.0.0.2", "127.0.0.1"};
  TcpDialer dialer(world.loop, world.resolver, "a.test", world.port);
  SECTION("resolving") { world.dial(dialer).reset(); }
  SECTION("connecting") {
    auto dial = world.dial(dialer);
    world.loop.run_once(false);
    dial.reset();
  }
  SECTION("connecting to two addresses") {
    auto dial = world.dial(dialer);
    const std::string second = "connecting to 127.0.0.1:" + std::to_string(world.port);
    CHECK(turn_until(world.loop, [&] { return dial->stage() == second; }));
    dial.reset();
  }
  SECTION("inside done, both ways it can end") {
    const bool refused = GENERATE(false, true);
    TcpDialer direct(world.loop, world.resolver, refused ? "127.0.0.3" : "127.0.0.1", world.port);
    std::unique_ptr<Dial> dial;
    bool done = false;
    dial = direct.dial([&](const Dialed& result) {
      dial.reset();
      done = true;
      CHECK(result.has_value() != refused);
    });
    CHECK(turn_until(world.loop, [&] { return done; }));
  }
  run_dry(world.loop);
  CHECK_FALSE(world.dialed);
  world.listener.reset();
  world.accepted.clear();
  run_dry(world.loop);
  CHECK_FALSE(world.loop.run_once(false));
}

TEST_CASE("dialing into memory") {
  Loop loop;
  std::unique_ptr<Stream> theirs, ours;
  MemoryDialer dialer(loop, [&](std::unique_ptr<Stream> stream) { theirs = std::move(stream); });
  const auto dial = dialer.dial([&](Dialed result) { ours = std::move(*result); });
  CHECK(ours == nullptr);
  CHECK(dial->stage() == "connecting in memory");
  CHECK(turn_until(loop, [&] { return ours != nullptr; }));
  REQUIRE(theirs);
  Recorder events;
  theirs->set_events(&events);
  theirs->start_reading();
  ours->write("hello");
  CHECK(turn_until(loop, [&] { return events.got == "hello"; }));
}

TEST_CASE("a dial into memory that was given up reaches nobody") {
  Loop loop;
  int accepted = 0, done = 0;
  MemoryDialer dialer(loop, [&](std::unique_ptr<Stream>) { ++accepted; });
  dialer.dial([&](const Dialed&) { ++done; }).reset();
  run_dry(loop);
  CHECK(accepted + done == 0);
  std::unique_ptr<Dial> dial;
  dial = dialer.dial([&](const Dialed&) {
    dial.reset();
    ++done;
  });
  CHECK(turn_until(loop, [&] { return done == 1; }));
  CHECK(accepted == 1);
}

}  // namespace
}  // namespace sluice::net
