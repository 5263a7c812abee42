// IP addresses and ranges, as values without libuv or socket headers.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct sockaddr;
struct sockaddr_storage;

namespace sluice::net {

// Where a peer is: an IP address and a port, or a Unix socket. IPv4 addresses mapped into IPv6 are kept as IPv4.
class SocketAddress {
 public:
  enum class Family : unsigned char { none, v4, v6, unix_path };

  SocketAddress() = default;
  static SocketAddress from(const sockaddr* address);  // nullptr: none
  static SocketAddress of_unix();
  // "127.0.0.1", "::1", "[::1]"; never a name, so no lookup.
  static std::optional<SocketAddress> parse_ip(std::string_view text, uint16_t port = 0);
  // As Stream::peer() writes it, or an IP address alone: "127.0.0.1:5000", "[::1]:5000", "::1", "unix".
  static std::optional<SocketAddress> parse_peer(std::string_view text);

  Family family() const { return family_; }
  uint16_t port() const { return port_; }
  SocketAddress with_port(uint16_t port) const;
  // The address, in network order: 4 bytes, 16 bytes or none.
  std::span<const unsigned char> ip() const;
  bool is_loopback() const;     // 127.0.0.0/8, ::1
  std::string ip_text() const;  // "::1"
  std::string text() const;     // "[::1]:5000", "unix"
  // Fills `out` for bind or connect and returns its used size; 0 if this is not an IP address.
  unsigned write_to(sockaddr_storage& out) const;
  bool operator==(const SocketAddress&) const = default;

 private:
  char* write_v4(char* out) const;  // at most 15 bytes; returns their end
  std::array<unsigned char, 16> ip_{};
  uint32_t scope_ = 0;  // IPv6: the interface of a link-local address
  uint16_t port_ = 0;
  Family family_ = Family::none;
};

// "10.0.0.0/8", "fd00::/8", "127.0.0.1". Bits after the prefix are ignored.
class Cidr {
 public:
  static Result<Cidr> parse(std::string_view text);
  bool contains(const SocketAddress& address) const;

 private:
  SocketAddress base_;
  unsigned bits_ = 0;
};

// Ranges whose peers are trusted (X-Forwarded-For).
class CidrList {
 public:
  CidrList() = default;
  static Result<CidrList> parse(std::span<const std::string> ranges);
  bool empty() const { return ranges_.empty(); }
  bool contains(const SocketAddress& address) const;
  // `peer` as Stream::peer() writes it, or an IP address alone; anything else is in no range.
  bool contains(std::string_view peer) const;

 private:
  std::vector<Cidr> ranges_;
};

// Whether `ip` ("127.0.0.1" or "127.0.0.1:5000") lies in `range`; false if either is malformed.
bool in_cidr(std::string_view ip, std::string_view range);

}  // namespace sluice::net
