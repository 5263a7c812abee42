#include "config/url.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "config/address.h"

namespace sluice::config {
namespace {

constexpr uint16_t http_port = 80;
constexpr uint16_t https_port = 443;

bool is_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

// Names as used in practice: '_' is not in RFC 952, but container networks use it.
bool is_host_name(std::string_view host) {
  constexpr size_t max_bytes = 253;
  if (host.empty() || host.size() > max_bytes || host.front() == '.' || host.find("..") != std::string_view::npos)
    return false;
  return std::all_of(host.begin(), host.end(),
                     [](char c) { return is_alphanumeric(c) || c == '.' || c == '-' || c == '_'; });
}

bool is_path_char(char c) {
  return is_alphanumeric(c) || std::string_view("/-._~!$&'()*+,;=:@%").find(c) != std::string_view::npos;
}

// Also "%2e", which clients and servers take for '.' (WHATWG URL).
bool has_dot_segment(std::string_view path) {
  std::string text = to_lower(path) + '/';
  for (size_t at = 0; (at = text.find("%2e")) != std::string::npos;) text.replace(at, 3, ".");
  return text.find("/./") != std::string::npos || text.find("/../") != std::string::npos;
}

// "host", "host:port", "[v6]:port" into `url`.
Result<void> parse_authority(std::string_view authority, Url& url) {
  std::string_view host = authority;
  std::string_view port;
  bool has_port = false;
  if (authority.starts_with('[')) {
    const size_t close = authority.find(']');
    if (close == std::string_view::npos) return fail(ErrorCode::config, "the bracket before the host is not closed");
    host = authority.substr(1, close - 1);
    if (!is_ip_address(host) || host.find(':') == std::string_view::npos) {
      return fail(ErrorCode::config, "the text in brackets is not an IPv6 address");
    }
    const std::string_view rest = authority.substr(close + 1);
    if (!rest.empty() && rest[0] != ':') return fail(ErrorCode::config, "only a port may follow the bracket");
    has_port = !rest.empty();
    if (has_port) port = rest.substr(1);
  } else {
    const size_t colon = authority.find(':');
    has_port = colon != std::string_view::npos;
    host = authority.substr(0, colon);
    if (has_port) port = authority.substr(colon + 1);
    if (host.empty()) return fail(ErrorCode::config, "the host is missing");
    if (has_port && port.find(':') != std::string_view::npos)
      return fail(ErrorCode::config, "an IPv6 address needs brackets");
    if (!is_host_name(host)) return fail(ErrorCode::config, "the host is not a valid name");
  }
  url.host = to_lower(host);
  if (!has_port) return {};
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), url.port);
  if (port.empty() || error != std::errc{} || end != port.data() + port.size() || url.port == 0) {
    return fail(ErrorCode::config, "the port is not a number from 1 to 65535");
  }
  return {};
}

}  // namespace

Result<Url> parse_url(std::string_view text) {
  Url url;
  if (text == "demo:" || text == "demo") {
    url.demo = true;
    return url;
  }
  const size_t mark = text.find("://");
  const std::string scheme = mark == std::string_view::npos ? "" : to_lower(text.substr(0, mark));
  if (scheme != "http" && scheme != "https")
    return fail(ErrorCode::config, "it does not begin with http:// or https://");
  url.tls = scheme == "https";
  url.port = url.tls ? https_port : http_port;
  const std::string_view rest = text.substr(mark + 3);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  std::string_view path = rest.substr(authority.size());
  if (authority.find('@') != std::string_view::npos) {
    return fail(ErrorCode::config, "a user or password in the URL is not supported; use api_key or headers");
  }
  if (path.find('?') != std::string_view::npos) return fail(ErrorCode::config, "a base URL may not have a query");
  if (path.find('#') != std::string_view::npos) return fail(ErrorCode::config, "a base URL may not have a fragment");
  if (Result<void> result = parse_authority(authority, url); !result) return tl::unexpected<Error>(result.error());
  while (path.ends_with('/')) path.remove_suffix(1);
  if (!std::all_of(path.begin(), path.end(), is_path_char)) {
    return fail(ErrorCode::config, "the path holds a character that must be percent-encoded");
  }
  if (has_dot_segment(path)) return fail(ErrorCode::config, "the path has a segment '.' or '..'");
  url.path = path;
  return url;
}

std::string Url::text() const {
  if (demo) return "demo:";
  return (tls ? "https://" : "http://") + authority() + path;
}

std::string Url::authority() const {
  if (demo) return "demo";
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return port == (tls ? https_port : http_port) ? name : name + ":" + std::to_string(port);
}

}  // namespace sluice::config
