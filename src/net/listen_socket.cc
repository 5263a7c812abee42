// ListenSocket: makes, shares and removes listening sockets.
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <uv.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

#include "net/address.h"
#include "net/listener.h"
#include "net/port_sharing.h"
#include "net/tcp_socket.h"

namespace sluice::net {
namespace {

constexpr int backlog = 4096;  // the kernel caps it at net.core.somaxconn

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

tl::unexpected<Error> cannot_listen(const std::string& text, const std::string& why) {
  return fail(ErrorCode::io, "cannot listen on " + text + ": " + why);
}

tl::unexpected<Error> cannot_listen(const std::string& text, int error) {
  return cannot_listen(text, reason_of(-error));
}

void set_option(int fd, int level, int option) {
  const int on = 1;
  setsockopt(fd, level, option, &on, sizeof on);
}

Result<SocketAddress> resolve(const std::string& host, uint16_t port) {
  if (host == "localhost") return *SocketAddress::parse_ip("127.0.0.1", port);
  if (const auto literal = SocketAddress::parse_ip(host, port)) return *literal;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(host.c_str(), nullptr, &hints, &found); error != 0) {
    return cannot_listen(host + ":" + std::to_string(port), gai_strerror(error));
  }
  const SocketAddress address = SocketAddress::from(found->ai_addr).with_port(port);
  freeaddrinfo(found);
  return address;
}

// A bound socket, or the negated errno.
int bound_socket(const SocketAddress& address, bool share_port) {
  sockaddr_storage storage;
  const socklen_t size = address.write_to(storage);
  Fd fd(::socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return -errno;
  set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR);
  if (share_port) set_option(fd.get(), SOL_SOCKET, SO_REUSEPORT);
  set_option(fd.get(), IPPROTO_TCP, TCP_NODELAY);  // accepted connections inherit it
  keep_alive(fd.get());
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&storage), size) != 0) return -errno;
  return fd.release();
}

Result<int> listening_socket(const SocketAddress& address) {
  Fd fd(bound_socket(address, true));
  if (fd.get() < 0) return cannot_listen(address.text(), -fd.get());
  if (::listen(fd.get(), backlog) != 0) return cannot_listen(address.text(), errno);
  return fd.release();
}

uint16_t port_of(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size);
  return SocketAddress::from(reinterpret_cast<const sockaddr*>(&storage)).port();
}

// Removes a socket file that no process listens on. Anything else is left alone: bind then fails.
void remove_if_stale(const std::string& path, const sockaddr_un& address) {
  struct stat status;
  if (::lstat(path.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) return;
  const Fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (probe.get() < 0) return;
  if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
      errno == ECONNREFUSED) {
    ::unlink(path.c_str());
  }
}

int int_option(int fd, int level, int option) {
  int value = -1;
  socklen_t size = sizeof value;
  return getsockopt(fd, level, option, &value, &size) == 0 ? value : -1;
}

// "/run/sluice.sock", "@name" for an abstract one (unix(7)).
std::string unix_path(const sockaddr_un& address, socklen_t size) {
  std::string path(address.sun_path, size - std::min<socklen_t>(size, offsetof(sockaddr_un, sun_path)));
  if (path.starts_with('\0')) {
    path[0] = '@';
  } else {
    path.resize(std::strlen(path.c_str()));
  }
  return path;
}

}  // namespace

Result<ListenSocket> ListenSocket::tcp(const std::string& host, uint16_t port, bool beside_own) {
  auto address = resolve(host, port);
  if (!address) return tl::unexpected(address.error());
  if (beside_own) {
    if (others_listen_at(port)) return cannot_listen(address->text(), EADDRINUSE);
  } else if (port != 0) {
    // SO_REUSEPORT would silently admit a second process of the same user; a probe socket without it finds out.
    const Fd probe(bound_socket(*address, false));
    if (probe.get() < 0) return cannot_listen(address->text(), -probe.get());
  }
  auto fd = listening_socket(*address);
  if (!fd) return tl::unexpected(fd.error());
  ListenSocket result;
  result.fd_ = *fd;
  result.port_ = port_of(*fd);
  result.text_ = address->with_port(result.port_).text();
  return result;
}

Result<ListenSocket> ListenSocket::at_path(const std::string& path) {
  const std::string text = "unix:" + path;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty()) return cannot_listen(text, "the path is empty");
  if (path.size() >= sizeof address.sun_path) {
    return cannot_listen(text, "the path is longer than " + std::to_string(sizeof address.sun_path - 1) + " bytes");
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  remove_if_stale(path, address);
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return cannot_listen(text, errno);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return cannot_listen(text, errno);
  }
  ListenSocket result;
  result.fd_ = fd.release();
  result.text_ = text;
  result.path_ = path;
  result.one_queue_ = true;
  struct stat status {};
  if (::lstat(path.c_str(), &status) == 0) {
    result.owns_file_ = true;
    result.device_ = status.st_dev;
    result.inode_ = status.st_ino;
  }
  // Before listen(), so that no process can connect while the mode still depends on the umask.
  if (::chmod(path.c_str(), 0660) != 0) return cannot_listen(text, errno);
  if (::listen(result.fd_, backlog) != 0) return cannot_listen(text, errno);
  return result;
}

Result<ListenSocket> ListenSocket::passed(int fd) {
  ListenSocket result;
  result.fd_ = fd;
  result.one_queue_ = true;
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  const bool named = getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size) == 0;
  const bool right_family =
      storage.ss_family == AF_INET || storage.ss_family == AF_INET6 || storage.ss_family == AF_UNIX;
  if (!named || !right_family || int_option(fd, SOL_SOCKET, SO_TYPE) != SOCK_STREAM ||
      int_option(fd, SOL_SOCKET, SO_ACCEPTCONN) != 1) {
    return fail(ErrorCode::io, "descriptor " + std::to_string(fd) + " is not a listening TCP or Unix stream socket");
  }
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 || ::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
    return fail(ErrorCode::io, "descriptor " + std::to_string(fd) + ": " + reason_of(-errno));
  }
  if (storage.ss_family == AF_UNIX) {
    result.path_ = unix_path(reinterpret_cast<const sockaddr_un&>(storage), size);
    result.text_ = "unix:" + result.path_;
    return result;
  }
  set_option(fd, IPPROTO_TCP, TCP_NODELAY);  // accepted connections inherit it
  keep_alive(fd);
  const SocketAddress address = SocketAddress::from(reinterpret_cast<const sockaddr*>(&storage));
  result.port_ = address.port();
  result.text_ = address.text();
  return result;
}

bool ListenSocket::is_at(const std::string& host, uint16_t port, const std::string& path) const {
  if (!path.empty() || !path_.empty()) return path == path_;
  const auto address = SocketAddress::parse_ip(host == "localhost" ? "127.0.0.1" : host, port);
  if (!address || port == 0) return false;
  if (address->text() == text_) return true;
  return host == "0.0.0.0" && text_ == "[::]:" + std::to_string(port) &&
         int_option(fd_, IPPROTO_IPV6, IPV6_V6ONLY) == 0;
}

ListenSocket::ListenSocket(ListenSocket&& other) noexcept { *this = std::move(other); }

ListenSocket& ListenSocket::operator=(ListenSocket&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(port_, other.port_);
  std::swap(text_, other.text_);
  std::swap(path_, other.path_);
  std::swap(one_queue_, other.one_queue_);
  std::swap(owns_file_, other.owns_file_);
  std::swap(device_, other.device_);
  std::swap(inode_, other.inode_);
  return *this;
}

ListenSocket::~ListenSocket() {
  if (owns_file_) {
    struct stat status;
    if (::lstat(path_.c_str(), &status) == 0 && status.st_dev == device_ && status.st_ino == inode_) {
      ::unlink(path_.c_str());
    }
  }
  if (fd_ >= 0) ::close(fd_);
}

Result<ListenSocket> ListenSocket::another() const {
  ListenSocket result;
  result.port_ = port_;
  result.text_ = text_;
  result.path_ = path_;
  result.one_queue_ = one_queue_;
  if (!one_queue_) {
    auto fd = listening_socket(*SocketAddress::parse_peer(text_));
    if (!fd) return tl::unexpected(fd.error());
    result.fd_ = *fd;
  } else {
    result.fd_ = ::fcntl(fd_, F_DUPFD_CLOEXEC, 0);
    if (result.fd_ < 0) return cannot_listen(text_, errno);
  }
  return result;
}

}  // namespace sluice::net
