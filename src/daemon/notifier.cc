#include "daemon/notifier.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>
#include <utility>

namespace sluice::daemon {

Result<Notifier> Notifier::to(std::string_view address) {
  const auto wrong = [&](const std::string& why) {
    return fail(ErrorCode::io, "cannot notify the service manager at '" + std::string(address) + "': " + why);
  };
  if (address.size() < 2 || (address[0] != '/' && address[0] != '@')) return wrong("not a Unix socket's address");
  Notifier result;
  if (address.size() >= sizeof result.address_.sun_path) return wrong("the address is too long");
  result.address_.sun_family = AF_UNIX;
  std::memcpy(result.address_.sun_path, address.data(), address.size());
  // An abstract name has no terminating NUL: its length counts (unix(7)).
  if (address[0] == '@') result.address_.sun_path[0] = '\0';
  result.address_size_ = static_cast<unsigned>(offsetof(sockaddr_un, sun_path) + address.size());
  result.fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (result.fd_ < 0) return wrong(std::strerror(errno));
  const timeval patience{patience_ms / 1000, (patience_ms % 1000) * 1000};
  setsockopt(result.fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  return result;
}

Notifier::Notifier(Notifier&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), address_(other.address_), address_size_(other.address_size_) {}

Notifier& Notifier::operator=(Notifier&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(address_, other.address_);
  std::swap(address_size_, other.address_size_);
  return *this;
}

Notifier::~Notifier() {
  if (fd_ >= 0) ::close(fd_);
}

bool Notifier::tell(std::string_view assignments) const {
  if (fd_ < 0) return false;
  ssize_t sent = -1;
  do {
    sent = ::sendto(fd_, assignments.data(), assignments.size(), MSG_NOSIGNAL,
                    reinterpret_cast<const sockaddr*>(&address_), address_size_);
  } while (sent < 0 && errno == EINTR);
  return sent >= 0;
}

}  // namespace sluice::daemon
