#include "daemon/port_holder.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>

namespace sluice::daemon {
namespace {

struct Socket {
  int fd;
  explicit Socket(int family) : fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) { REQUIRE(fd >= 0); }
  ~Socket() { ::close(fd); }
};

const std::string me = "process " + std::to_string(::getpid()) + " (test_daemon)";

TEST_CASE("who listens on a port") {
  for (const int family : {AF_INET, AF_INET6}) {
    const Socket socket(family);
    sockaddr_storage address{};
    address.ss_family = static_cast<sa_family_t>(family);
    socklen_t size = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    if (::bind(socket.fd, reinterpret_cast<const sockaddr*>(&address), size) != 0) continue;  // no IPv6 here
    REQUIRE(::getsockname(socket.fd, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    const uint16_t port = ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
    CHECK(holder_of_port(port) == "");  // bound, but not listening
    REQUIRE(::listen(socket.fd, 1) == 0);
    CHECK(holder_of_port(port) == me);
  }
}

TEST_CASE("who listens at a path") {
  const std::string path =
      (std::filesystem::temp_directory_path() / ("sluice-holder-" + std::to_string(::getpid()))).string();
  CHECK(holder_of_socket(path) == "");
  {
    const Socket socket(AF_UNIX);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    REQUIRE(::bind(socket.fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(socket.fd, 1) == 0);
    CHECK(holder_of_socket(path) == me);
  }
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace sluice::daemon
