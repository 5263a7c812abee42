#include "config/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <charconv>
#include <optional>

namespace sluice::config {
namespace {

bool is_ip(int family, std::string_view text) {
  unsigned char bytes[sizeof(in6_addr)];
  return text.find('\0') == std::string_view::npos && inet_pton(family, std::string(text).c_str(), bytes) == 1;
}

// Digits only, at most `most`.
std::optional<unsigned> parse_number(std::string_view text, unsigned most) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || text[0] == '-' || error != std::errc{} || end != text.data() + text.size() || number > most) {
    return std::nullopt;
  }
  return number;
}

Result<Address> parse_unix(std::string_view path) {
  if (path.empty()) return fail(ErrorCode::config, "the path of the socket is missing");
  if (path.find('\0') != std::string_view::npos) return fail(ErrorCode::config, "the path holds a NUL");
  constexpr size_t max_bytes = sizeof(sockaddr_un::sun_path) - 1;
  if (path.size() > max_bytes) {
    return fail(ErrorCode::config, "the path has " + std::to_string(path.size()) + " bytes, more than the " +
                                       std::to_string(max_bytes) + " that a Unix socket may have");
  }
  Address address;
  address.unix_path = path;
  return address;
}

}  // namespace

Result<Address> parse_address(std::string_view text) {
  constexpr std::string_view unix_scheme = "unix:";
  if (text.starts_with(unix_scheme)) return parse_unix(text.substr(unix_scheme.size()));
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return fail(ErrorCode::config, "the port is missing");
  std::string_view host = text.substr(0, colon);
  const std::string_view port_text = text.substr(colon + 1);
  if (host.starts_with('[') || host.ends_with(']')) {
    const bool closed = host.size() > 2 && host.starts_with('[') && host.ends_with(']');
    if (!closed || !is_ip(AF_INET6, host.substr(1, host.size() - 2))) {
      return fail(ErrorCode::config,
                  port_text.ends_with(']') ? "the port is missing" : "the text in brackets is not an IPv6 address");
    }
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    if (port_text.ends_with(']')) return fail(ErrorCode::config, "the port is missing");
    return fail(ErrorCode::config, "an IPv6 address needs brackets");
  } else if (host.empty()) {
    host = "0.0.0.0";
  } else if (host != "localhost" && !is_ip(AF_INET, host)) {
    return fail(ErrorCode::config, "the host is neither an IP address nor localhost");
  }
  if (port_text.ends_with(']')) return fail(ErrorCode::config, "the port is missing");
  const std::optional<unsigned> port = parse_number(port_text, 65535);
  if (!port) return fail(ErrorCode::config, "the port is not a number from 0 to 65535");
  Address address;
  address.host = host;
  address.port = static_cast<uint16_t>(*port);
  return address;
}

bool is_ip_address(std::string_view text) { return is_ip(AF_INET, text) || is_ip(AF_INET6, text); }

Result<std::string> parse_cidr(std::string_view text) {
  const size_t slash = text.find('/');
  const std::string_view address = text.substr(0, slash);
  const bool v4 = is_ip(AF_INET, address);
  if (!v4 && !is_ip(AF_INET6, address)) return fail(ErrorCode::config, "not an IPv4 or IPv6 address");
  const unsigned most = v4 ? 32 : 128;
  if (slash == std::string_view::npos) return std::string(text) + "/" + std::to_string(most);
  if (!parse_number(text.substr(slash + 1), most)) {
    return fail(ErrorCode::config, "the prefix length is not a number from 0 to " + std::to_string(most));
  }
  return std::string(text);
}

bool Address::is_loopback_or_unix() const {
  if (!unix_path.empty()) return true;
  if (host == "localhost") return true;
  in_addr v4{};
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6{};
  return inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

std::string Address::text() const {
  if (!unix_path.empty()) return "unix:" + unix_path;
  const bool brackets = host.find(':') != std::string::npos;
  return (brackets ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

}  // namespace sluice::config
