#include "net/listener.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "net/recorder.h"
#include "net/stream_pairs.h"

namespace sluice::net {
namespace {

struct RawConnections {
  std::vector<int> fds;
  ~RawConnections() {
    for (const int fd : fds) ::close(fd);
  }
  template <typename Where>
  void add(const Where& where) {
    fds.push_back(connect_raw(where));
    REQUIRE(fds.back() >= 0);
  }
};

struct Accepting {
  Loop loop;
  std::vector<std::unique_ptr<Stream>> accepted;
  std::unique_ptr<Listener> listener;
  std::function<void()> then;

  explicit Accepting(ListenSocket socket, Listener::Starved starved = {}) {
    listener = std::make_unique<Listener>(
        loop, std::move(socket),
        [this](std::unique_ptr<Stream> stream) {
          accepted.push_back(std::move(stream));
          if (then) then();
        },
        std::move(starved));
  }
};

ListenSocket on_loopback() {
  auto socket = ListenSocket::tcp("127.0.0.1", 0);
  REQUIRE(socket);
  return std::move(*socket);
}

TEST_CASE("port 0 becomes a real one, and callers get through") {
  Accepting all(on_loopback());
  CHECK(all.listener->port() != 0);
  CHECK(all.listener->text() == "127.0.0.1:" + std::to_string(all.listener->port()));
  RawConnections raw;
  for (int i = 0; i < 100; ++i) raw.add(all.listener->port());
  CHECK(turn_until(all.loop, [&] { return all.accepted.size() == 100; }));
  CHECK(all.accepted[0]->peer().find("127.0.0.1:") == 0);
}

TEST_CASE("an address that is taken or wrong is a clear error") {
  const ListenSocket taken = on_loopback();
  struct Row {
    std::string host;
    uint16_t port;
    std::string expected;
  };
  const std::vector<Row> rows = {
      {"127.0.0.1", taken.port(), "cannot listen on " + taken.text() + ": address already in use"},
      {"localhost", taken.port(), "cannot listen on " + taken.text() + ": address already in use"},
      {"192.0.2.1", 0, "cannot listen on 192.0.2.1:0: address not available"},
  };
  for (const Row& row : rows) {
    const auto socket = ListenSocket::tcp(row.host, row.port);
    REQUIRE_FALSE(socket);
    CHECK(socket.error().message == row.expected);
    CHECK(socket.error().code == ErrorCode::io);
  }
}

TEST_CASE("a port that was just closed can be listened on again at once") {
  uint16_t port = 0;
  {
    Accepting all(on_loopback());
    port = all.listener->port();
    RawConnections raw;
    raw.add(port);
    CHECK(turn_until(all.loop, [&] { return all.accepted.size() == 1; }));
    all.accepted.clear();  // closed first on this side, which gets the TIME_WAIT
  }
  CHECK(ListenSocket::tcp("127.0.0.1", port));
}

TEST_CASE("several loops share one port") {
  ListenSocket first = on_loopback();
  auto second = first.another();
  REQUIRE(second);
  CHECK(second->port() == first.port());
  CHECK(second->text() == first.text());
  const uint16_t port = first.port();
  Accepting one(std::move(first)), two(std::move(*second));
  RawConnections raw;
  for (int i = 0; i < 64; ++i) raw.add(port);
  CHECK(turn_until(one.loop, [&] {
    two.loop.run_once(false);
    return one.accepted.size() + two.accepted.size() == 64;
  }));
  CHECK(one.accepted.size() > 0);
  CHECK(two.accepted.size() > 0);
}

TEST_CASE("IPv6") {
  if (!has_ipv6()) return;
  const auto socket = ListenSocket::tcp("::1", 0);
  REQUIRE(socket);
  CHECK(socket->text() == "[::1]:" + std::to_string(socket->port()));
  const auto again = ListenSocket::tcp("::1", socket->port());
  REQUIRE_FALSE(again);
  CHECK(again.error().message == "cannot listen on " + socket->text() + ": address already in use");
  CHECK(socket->another());
}

TEST_CASE("a paused listener leaves callers in the queue") {
  Accepting all(on_loopback());
  RawConnections raw;
  for (int i = 0; i < 5; ++i) raw.add(all.listener->port());
  all.then = [&] {
    if (all.accepted.size() == 2) all.listener->pause();
  };
  CHECK(turn_until(all.loop, [&] { return all.accepted.size() == 2; }));
  run_dry(all.loop);
  CHECK(all.accepted.size() == 2);
  CHECK(all.listener->paused());
  all.listener->resume();
  all.listener->resume();
  CHECK(turn_until(all.loop, [&] { return all.accepted.size() == 5; }));
  CHECK_FALSE(all.listener->paused());
}

TEST_CASE("a listener destroyed inside accepted, and its port is free at once") {
  Accepting all(on_loopback());
  const uint16_t port = all.listener->port();
  RawConnections raw;
  for (int i = 0; i < 3; ++i) raw.add(port);
  bool refused = false;
  all.then = [&] {
    all.listener.reset();
    refused = connect_raw(port) < 0;
  };
  CHECK(turn_until(all.loop, [&] { return all.accepted.size() == 1; }));
  run_dry(all.loop);
  CHECK(all.accepted.size() == 1);
  CHECK(refused);
}

TEST_CASE("without file descriptors it waits, does not spin, and goes on") {
  struct Limit {
    rlimit before{};
    std::vector<int> fillers;
    Limit() { REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0); }
    void fill() {
      const rlimit low{64, before.rlim_max};
      REQUIRE(::setrlimit(RLIMIT_NOFILE, &low) == 0);
      for (int fd = ::dup(0); fd >= 0; fd = ::dup(0)) fillers.push_back(fd);
    }
    void free() {
      for (const int fd : fillers) ::close(fd);
      fillers.clear();
      ::setrlimit(RLIMIT_NOFILE, &before);
    }
    ~Limit() { free(); }
  } limit;
  std::string message;
  Accepting all(on_loopback(), [&](const Error& error) { message = error.message; });
  RawConnections raw;
  all.loop.run_once(false);
  for (int i = 0; i < 3; ++i) raw.add(all.listener->port());
  limit.fill();
  const uint64_t start_ms = all.loop.now_ms();
  uint64_t turns = 0;
  CHECK(turn_until(all.loop, [&] {
    ++turns;
    return all.loop.now_ms() >= start_ms + 350;
  }));
  const uint64_t starved = all.listener->starved_total();
  CHECK(all.accepted.empty());
  CHECK(starved >= 2);
  CHECK(starved <= 4);
  CHECK(turns < 50);
  CHECK(message == "cannot accept on " + all.listener->text() + ": too many open files");
  limit.free();
  CHECK(turn_until(all.loop, [&] { return all.accepted.size() == 3; }));
}

TEST_CASE("a Unix socket has mode 0660, is shared, and its file goes with it") {
  const TemporaryFolder folder;
  const std::string path = folder.path + "/socket";
  {
    auto socket = ListenSocket::at_path(path);
    REQUIRE(socket);
    CHECK(socket->text() == "unix:" + path);
    CHECK(socket->port() == 0);
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0660);
    auto second = socket->another();
    REQUIRE(second);
    Accepting one(std::move(*socket)), two(std::move(*second));
    RawConnections raw;
    raw.add(path);
    CHECK(turn_until(two.loop, [&] { return two.accepted.size() == 1; }));
    CHECK(two.accepted[0]->peer() == "unix");
    raw.add(path);
    CHECK(turn_until(one.loop, [&] { return one.accepted.size() == 1; }));
    two.listener.reset();
    CHECK(std::filesystem::exists(path));
    raw.add(path);
    CHECK(turn_until(one.loop, [&] { return one.accepted.size() == 2; }));
  }
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("a socket file at which somebody answers is left alone, a stale one is replaced") {
  const TemporaryFolder folder;
  const std::string path = folder.path + "/socket";
  {
    const auto live = ListenSocket::at_path(path);
    REQUIRE(live);
    const auto second = ListenSocket::at_path(path);
    REQUIRE_FALSE(second);
    CHECK(second.error().message == "cannot listen on unix:" + path + ": address already in use");
    CHECK(connect_raw(path) >= 0);
  }
  const int dead = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  REQUIRE(::bind(dead, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  ::close(dead);
  REQUIRE(std::filesystem::exists(path));
  CHECK(ListenSocket::at_path(path));
}

TEST_CASE("a file that is no socket is never removed, nor one that was put in our place") {
  const TemporaryFolder folder;
  const std::string path = folder.path + "/file";
  std::ofstream(path) << "precious";
  CHECK_FALSE(ListenSocket::at_path(path));
  CHECK(std::filesystem::file_size(path) == 8);
  const std::string other = folder.path + "/socket";
  {
    const auto socket = ListenSocket::at_path(other);
    REQUIRE(socket);
    std::filesystem::rename(path, other);
  }
  CHECK(std::filesystem::exists(other));
}

TEST_CASE("Unix paths up to 107 bytes, and only where there is a folder") {
  const TemporaryFolder folder;
  std::string path = folder.path + "/";
  path += std::string(107 - path.size(), 'x');
  CHECK(ListenSocket::at_path(path));
  const auto longer = ListenSocket::at_path(path + "x");
  REQUIRE_FALSE(longer);
  CHECK(longer.error().message == "cannot listen on unix:" + path + "x: the path is longer than 107 bytes");
  CHECK_FALSE(ListenSocket::at_path(""));
  const auto nowhere = ListenSocket::at_path(folder.path + "/none/socket");
  REQUIRE_FALSE(nowhere);
  CHECK(nowhere.error().message.find("no such file or directory") != std::string::npos);
}

}  // namespace
}  // namespace sluice::net
