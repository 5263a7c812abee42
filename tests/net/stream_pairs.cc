#include "net/stream_pairs.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>

#include "net/listener.h"
#include "net/memory_pipe.h"
#include "net/recorder.h"
#include "net/tcp_stream.h"

namespace sluice::net {
namespace {

int connect_to(int family, const void* address, socklen_t size) {
  const int fd = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  REQUIRE(fd >= 0);
  if (::connect(fd, static_cast<const sockaddr*>(address), size) == 0) return fd;
  ::close(fd);
  return -1;
}

Pair through_listener(Loop& loop, ListenSocket socket, const std::function<int(const ListenSocket&)>& connect) {
  Pair pair;
  const int fd = connect(socket);
  REQUIRE(fd >= 0);
  const std::string text = socket.text();
  const auto peer = socket.port() == 0 ? SocketAddress::of_unix() : *SocketAddress::parse_peer(text);
  Listener listener(loop, std::move(socket), [&](std::unique_ptr<Stream> stream) { pair.b = std::move(stream); });
  auto opened = TcpStream::open(loop, fd, peer);
  REQUIRE(opened);
  pair.a = std::move(*opened);
  REQUIRE(turn_until(loop, [&] { return pair.b != nullptr; }));
  return pair;
}

}  // namespace

bool has_ipv6() {
  const int fd = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_loopback;
  const bool bound = fd >= 0 && ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  if (fd >= 0) ::close(fd);
  return bound;
}

int connect_raw(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return connect_to(AF_INET, &address, sizeof address);
}

int connect_raw(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  return connect_to(AF_UNIX, &address, sizeof address);
}

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "sluice-net-XXXXXX").string();
  REQUIRE(::mkdtemp(name.data()) != nullptr);
  path = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
}

std::vector<std::string> pair_kinds() {
  std::vector<std::string> kinds = {"memory", "memory in sevens", "tcp", "unix"};
  if (has_ipv6()) kinds.push_back("tcp6");
  return kinds;
}

Pair make_pair_of(const std::string& kind, Loop& loop) {
  if (kind == "memory" || kind == "memory in sevens") {
    auto [a, b] = make_memory_pipe(loop, kind == "memory" ? 64 * 1024 : 7);
    return {std::move(a), std::move(b)};
  }
  if (kind == "unix") {
    const TemporaryFolder folder;
    const std::string path = folder.path + "/socket";
    auto socket = ListenSocket::at_path(path);
    REQUIRE(socket);
    return through_listener(loop, std::move(*socket), [&](const ListenSocket&) { return connect_raw(path); });
  }
  auto socket = ListenSocket::tcp(kind == "tcp6" ? "::1" : "127.0.0.1", 0);
  REQUIRE(socket);
  return through_listener(loop, std::move(*socket), [&](const ListenSocket& from) {
    if (kind != "tcp6") return connect_raw(from.port());
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(from.port());
    address.sin6_addr = in6addr_loopback;
    return connect_to(AF_INET6, &address, sizeof address);
  });
}

}  // namespace sluice::net
