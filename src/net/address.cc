#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace sluice::net {
namespace {

constexpr std::array<unsigned char, 12> mapped_prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool is_mapped(const unsigned char* v6) { return std::equal(mapped_prefix.begin(), mapped_prefix.end(), v6); }

template <typename Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value{};
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc() || at != end) return std::nullopt;
  return value;
}

}  // namespace

SocketAddress SocketAddress::from(const sockaddr* address) {
  SocketAddress result;
  if (!address) return result;
  if (address->sa_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, address, sizeof v4);
    result.family_ = Family::v4;
    result.port_ = ntohs(v4.sin_port);
    std::memcpy(result.ip_.data(), &v4.sin_addr, 4);
  } else if (address->sa_family == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, address, sizeof v6);
    result.port_ = ntohs(v6.sin6_port);
    if (is_mapped(v6.sin6_addr.s6_addr)) {
      result.family_ = Family::v4;
      std::memcpy(result.ip_.data(), v6.sin6_addr.s6_addr + mapped_prefix.size(), 4);
    } else {
      result.family_ = Family::v6;
      result.scope_ = v6.sin6_scope_id;
      std::memcpy(result.ip_.data(), v6.sin6_addr.s6_addr, 16);
    }
  } else if (address->sa_family == AF_UNIX) {
    result.family_ = Family::unix_path;
  }
  return result;
}

SocketAddress SocketAddress::of_unix() {
  SocketAddress result;
  result.family_ = Family::unix_path;
  return result;
}

std::optional<SocketAddress> SocketAddress::parse_ip(std::string_view text, uint16_t port) {
  const bool bracketed = text.size() >= 2 && text.front() == '[' && text.back() == ']';
  if (bracketed) text = text.substr(1, text.size() - 2);
  if (text.size() >= INET6_ADDRSTRLEN || text.find('\0') != text.npos) return std::nullopt;
  const std::string terminated(text);
  sockaddr_in v4{};
  if (!bracketed && inet_pton(AF_INET, terminated.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    return from(reinterpret_cast<const sockaddr*>(&v4));
  }
  sockaddr_in6 v6{};
  if (inet_pton(AF_INET6, terminated.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    return from(reinterpret_cast<const sockaddr*>(&v6));
  }
  return std::nullopt;
}

std::optional<SocketAddress> SocketAddress::parse_peer(std::string_view text) {
  if (text == "unix") return of_unix();
  if (auto alone = parse_ip(text)) return alone;
  const size_t colon = text.rfind(':');
  if (colon == text.npos) return std::nullopt;
  const std::string_view host = text.substr(0, colon);
  const auto port = parse_number<uint16_t>(text.substr(colon + 1));
  if (!port || (host.find(':') != host.npos && host.front() != '[')) return std::nullopt;
  return parse_ip(host, *port);
}

SocketAddress SocketAddress::with_port(uint16_t port) const {
  SocketAddress result = *this;
  result.port_ = port;
  return result;
}

std::span<const unsigned char> SocketAddress::ip() const {
  return {ip_.data(), family_ == Family::v4 ? 4u : family_ == Family::v6 ? 16u : 0u};
}

bool SocketAddress::is_loopback() const {
  if (family_ == Family::v4) return ip_[0] == 127;
  constexpr std::array<unsigned char, 16> loopback = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  return family_ == Family::v6 && ip_ == loopback;
}

std::string SocketAddress::ip_text() const {
  if (family_ == Family::unix_path) return "unix";
  if (family_ == Family::none) return "unknown";
  char text[INET6_ADDRSTRLEN];
  if (family_ == Family::v4) return {text, static_cast<size_t>(write_v4(text) - text)};
  inet_ntop(AF_INET6, ip_.data(), text, sizeof text);
  return text;
}

// Every access record needs one, and inet_ntop goes through printf.
char* SocketAddress::write_v4(char* out) const {
  for (size_t i = 0; i < 4; ++i) {
    if (i > 0) *out++ = '.';
    out = std::to_chars(out, out + 3, ip_[i]).ptr;
  }
  return out;
}

std::string SocketAddress::text() const {
  if (family_ == Family::v4) {
    char text[INET_ADDRSTRLEN + 6];
    char* end = write_v4(text);
    *end++ = ':';
    end = std::to_chars(end, end + 5, port_).ptr;
    return {text, static_cast<size_t>(end - text)};
  }
  if (family_ == Family::v6) return "[" + ip_text() + "]:" + std::to_string(port_);
  return ip_text();
}

unsigned SocketAddress::write_to(sockaddr_storage& out) const {
  std::memset(&out, 0, sizeof out);
  if (family_ == Family::v4) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port_);
    std::memcpy(&v4.sin_addr, ip_.data(), 4);
    std::memcpy(&out, &v4, sizeof v4);
    return sizeof v4;
  }
  if (family_ == Family::v6) {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port_);
    v6.sin6_scope_id = scope_;
    std::memcpy(&v6.sin6_addr, ip_.data(), 16);
    std::memcpy(&out, &v6, sizeof v6);
    return sizeof v6;
  }
  return 0;
}

Result<Cidr> Cidr::parse(std::string_view text) {
  const size_t slash = text.find('/');
  const std::string_view ip = text.substr(0, slash);
  const auto base = SocketAddress::parse_ip(ip);
  if (!base) return fail(ErrorCode::config, "\"" + std::string(text) + "\" is not an IP address or range");
  Cidr result;
  result.base_ = *base;
  const unsigned all_bits = static_cast<unsigned>(base->ip().size()) * 8;
  result.bits_ = all_bits;
  if (slash != text.npos) {
    auto bits = parse_number<unsigned>(text.substr(slash + 1));
    // The prefix of an IPv4-mapped range, reduced to that of the IPv4 range.
    if (bits && all_bits == 32 && ip.find(':') != ip.npos) bits = *bits >= 96 ? *bits - 96 : 129;
    if (!bits || *bits > all_bits) {
      return fail(ErrorCode::config, "the prefix length in \"" + std::string(text) + "\" is not a number from 0 to " +
                                         std::to_string(all_bits));
    }
    result.bits_ = *bits;
  }
  return result;
}

bool Cidr::contains(const SocketAddress& address) const {
  if (address.family() != base_.family() || base_.ip().empty()) return false;
  const size_t whole = bits_ / 8;
  const unsigned rest = bits_ % 8;
  if (!std::equal(base_.ip().begin(), base_.ip().begin() + static_cast<std::ptrdiff_t>(whole), address.ip().begin())) {
    return false;
  }
  if (rest == 0) return true;
  return (base_.ip()[whole] ^ address.ip()[whole]) >> (8 - rest) == 0;
}

Result<CidrList> CidrList::parse(std::span<const std::string> ranges) {
  CidrList list;
  for (const std::string& text : ranges) {
    auto range = Cidr::parse(text);
    if (!range) return tl::unexpected(range.error());
    list.ranges_.push_back(*range);
  }
  return list;
}

bool CidrList::contains(const SocketAddress& address) const {
  return std::any_of(ranges_.begin(), ranges_.end(), [&](const Cidr& range) { return range.contains(address); });
}

bool CidrList::contains(std::string_view peer) const {
  if (ranges_.empty()) return false;
  const auto address = SocketAddress::parse_peer(peer);
  return address && contains(*address);
}

bool in_cidr(std::string_view ip, std::string_view range) {
  const auto address = SocketAddress::parse_peer(ip);
  const auto cidr = Cidr::parse(range);
  return address && cidr && cidr->contains(*address);
}

}  // namespace sluice::net
