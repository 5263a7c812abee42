// Sockets opened by another process and passed to this one.
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstddef>
#include <cstring>
#include <filesystem>

#include "net/listener.h"
#include "net/recorder.h"
#include "net/stream_pairs.h"

namespace sluice::net {
namespace {

// The other process's descriptor: it keeps listening whatever becomes of ours.
struct Held {
  int fd = -1;
  uint16_t port = 0;

  explicit Held(int family = AF_INET, bool only_v6 = false, bool any = false) {
    fd = ::socket(family, SOCK_STREAM, 0);
    sockaddr_storage storage{};
    storage.ss_family = static_cast<sa_family_t>(family);
    socklen_t size = sizeof(sockaddr_in);
    if (family == AF_INET6) {
      const int on = only_v6;
      ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
      if (!any) reinterpret_cast<sockaddr_in6&>(storage).sin6_addr = in6addr_loopback;
      size = sizeof(sockaddr_in6);
    } else {
      reinterpret_cast<sockaddr_in&>(storage).sin_addr.s_addr = htonl(any ? INADDR_ANY : INADDR_LOOPBACK);
    }
    REQUIRE(::bind(fd, reinterpret_cast<const sockaddr*>(&storage), size) == 0);
    REQUIRE(::listen(fd, 100) == 0);
    size = sizeof storage;
    REQUIRE(::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size) == 0);
    port = ntohs(reinterpret_cast<const sockaddr_in&>(storage).sin_port);
  }
  ~Held() { ::close(fd); }
  int copy() const { return ::dup(fd); }
};

struct Accepting {
  Loop loop;
  std::vector<std::unique_ptr<Stream>> accepted;
  std::unique_ptr<Listener> listener;

  explicit Accepting(ListenSocket socket) {
    listener = std::make_unique<Listener>(
        loop, std::move(socket), [this](std::unique_ptr<Stream> stream) { accepted.push_back(std::move(stream)); });
  }
};

ListenSocket passed(int fd) {
  auto socket = ListenSocket::passed(fd);
  REQUIRE(socket);
  return std::move(*socket);
}

TEST_CASE("several loops accept from one passed socket, and what they leave in its queue is there for the next") {
  const Held held;
  std::vector<int> callers;
  const auto call = [&] {
    callers.push_back(connect_raw(held.port));
    REQUIRE(callers.back() >= 0);
  };
  {
    ListenSocket first = passed(held.copy());
    CHECK(first.port() == held.port);
    CHECK(first.text() == "127.0.0.1:" + std::to_string(held.port));
    auto second = first.another();
    REQUIRE(second);
    Accepting one(std::move(first)), two(std::move(*second));
    for (int i = 0; i < 32; ++i) call();
    CHECK(turn_until(one.loop, [&] {
      two.loop.run_once(false);
      return one.accepted.size() + two.accepted.size() == 32;
    }));
    one.listener.reset();
    two.listener.reset();
    for (int i = 0; i < 8; ++i) call();
    run_dry(one.loop);
    CHECK(one.accepted.size() + two.accepted.size() == 32);
  }
  Accepting next(passed(held.copy()));
  CHECK(turn_until(next.loop, [&] { return next.accepted.size() == 8; }));
  for (const int fd : callers) ::close(fd);
}

TEST_CASE("a passed socket is made not to block, and kept from children") {
  const Held held;
  const int fd = held.copy();
  const ListenSocket socket = passed(fd);
  CHECK((::fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
  CHECK(::fcntl(fd, F_GETFD) == FD_CLOEXEC);
}

TEST_CASE("what is no socket that listens is refused and closed") {
  int pair[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
  const int datagram = ::socket(AF_INET, SOCK_DGRAM, 0);
  const int silent = ::socket(AF_INET, SOCK_STREAM, 0);
  const int null = ::open("/dev/null", O_RDONLY);
  for (const int fd : {pair[0], datagram, silent, null}) {
    const auto socket = ListenSocket::passed(fd);
    REQUIRE_FALSE(socket);
    CHECK(socket.error().message ==
          "descriptor " + std::to_string(fd) + " is not a listening TCP or Unix stream socket");
    CHECK(::fcntl(fd, F_GETFD) == -1);
  }
  ::close(pair[1]);
}

TEST_CASE("where a passed socket is") {
  const Held v4, any(AF_INET, false, true);
  const ListenSocket loopback = passed(v4.copy()), everywhere = passed(any.copy());
  CHECK(loopback.is_at("127.0.0.1", v4.port, ""));
  CHECK(loopback.is_at("localhost", v4.port, ""));
  CHECK_FALSE(loopback.is_at("127.0.0.1", any.port, ""));
  CHECK_FALSE(loopback.is_at("0.0.0.0", v4.port, ""));
  CHECK_FALSE(loopback.is_at("127.0.0.1", 0, ""));
  CHECK_FALSE(loopback.is_at("", 0, "/run/sluice.sock"));
  CHECK_FALSE(loopback.is_at("name.test", v4.port, ""));
  CHECK(everywhere.is_at("0.0.0.0", any.port, ""));
  CHECK_FALSE(everywhere.is_at("127.0.0.1", any.port, ""));
  if (!has_ipv6()) return;
  const Held both(AF_INET6, false, true), six(AF_INET6, true, true);
  const ListenSocket all = passed(both.copy()), only_six = passed(six.copy());
  CHECK(all.is_at("::", both.port, ""));
  CHECK(all.is_at("0.0.0.0", both.port, ""));
  CHECK(only_six.is_at("::", six.port, ""));
  CHECK_FALSE(only_six.is_at("0.0.0.0", six.port, ""));
}

TEST_CASE("a passed Unix socket keeps its file; an abstract one has a name too") {
  const TemporaryFolder folder;
  for (const std::string& name : {folder.path + "/s", "@sluice-test-" + std::to_string(::getpid())}) {
    INFO(name);
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name[0] == '@') address.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size() + (name[0] != '@'));
    REQUIRE(::bind(fd, reinterpret_cast<const sockaddr*>(&address), size) == 0);
    REQUIRE(::listen(fd, 10) == 0);
    {
      const ListenSocket socket = passed(fd);
      CHECK(socket.text() == "unix:" + name);
      CHECK(socket.port() == 0);
      CHECK(socket.is_at("", 0, name));
      CHECK(socket.another());
    }
    if (name[0] != '@') CHECK(std::filesystem::exists(name));
  }
}

}  // namespace
}  // namespace sluice::net
