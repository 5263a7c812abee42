#include "net/bind_check.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "net/address.h"
#include "net/tcp_socket.h"

namespace sluice::net {
namespace {

constexpr uint16_t first_ordinary_port = 1024;  // below, a port may need a permission (ip(7))

// 0, or the errno of bind(2). The socket is closed before this returns.
int error_of_bind(const SocketAddress& address) {
  sockaddr_storage storage;
  const socklen_t size = address.write_to(storage);
  const int fd = ::socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const int error = ::bind(fd, reinterpret_cast<const sockaddr*>(&storage), size) == 0 ? 0 : errno;
  ::close(fd);
  return error;
}

}  // namespace

Result<void> may_listen(const std::string& host, uint16_t port) {
  const auto address = SocketAddress::parse_ip(host == "localhost" ? "127.0.0.1" : host);
  if (!address) return {};
  if (const int error = error_of_bind(*address); error == EADDRNOTAVAIL) {
    return fail(ErrorCode::io, host + " is not an address of this machine");
  } else if (error != 0) {
    return fail(ErrorCode::io, host + ": " + reason_of(-error));
  }
  // The kernel checks the permission first, so an address in use does not fail with EACCES.
  if (port == 0 || port >= first_ordinary_port || error_of_bind(address->with_port(port)) != EACCES) return {};
  return fail(ErrorCode::io, "port " + std::to_string(port) +
                                 " requires permission (CAP_NET_BIND_SERVICE, or a socket that systemd passes)");
}

}  // namespace sluice::net
