// The "hosts" and "cors" of sluice.json: the names under which sluice is reached, and which web pages may call it.
#include <algorithm>
#include <utility>

#include "base/text.h"
#include "config/address.h"
#include "config/fields.h"
#include "config/sections.h"

namespace sluice::config {
namespace {

bool is_name(std::string_view text) {
  return !text.empty() && text.front() != '.' && text.back() != '.' &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
         });
}

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// "scheme://host" or "scheme://host:port", as browsers write it (RFC 6454 6.2): no path, no trailing slash.
bool is_origin(std::string_view text) {
  const size_t scheme = text.find("://");
  if (scheme == std::string_view::npos || scheme == 0 || !is_name(text.substr(0, scheme))) return false;
  text.remove_prefix(scheme + 3);
  if (text.starts_with('[')) {
    const size_t end = text.find(']');
    if (end == std::string_view::npos || !is_ip_address(text.substr(1, end - 1))) return false;
    text.remove_prefix(end + 1);
    return text.empty() || (text.front() == ':' && is_port(text.substr(1)));
  }
  const size_t colon = text.find(':');
  if (colon != std::string_view::npos && !is_port(text.substr(colon + 1))) return false;
  return is_name(text.substr(0, colon));
}

}  // namespace

void read_hosts(Reading& reading, const ObjectReader& root, std::vector<std::string>& hosts) {
  root.for_each_text("hosts", false, [&](const Node& item, const std::string& path) {
    std::string host = to_lower(item.text);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    if (is_name(host) || is_ip_address(host)) return hosts.push_back(std::move(host));
    reading.report(item.at, path, found(item) + ", which is not a host name",
                   "allowed: a name or an address alone, as gateway.lan or 192.0.2.7");
  });
}

void read_cors(Reading& reading, const Node& node, Cors& cors) {
  const ObjectReader object(reading, node, "cors", fields::cors);
  object.for_each_text("origins", false, [&](const Node& item, const std::string& path) {
    std::string origin = to_lower(item.text);
    if (origin == "*" || is_origin(origin)) return cors.origins.push_back(std::move(origin));
    reading.report(item.at, path, found(item) + ", which is not an origin",
                   "allowed: what a browser sends, a scheme, a host and maybe a port and nothing after them, as "
                   "https://app.example.com or http://localhost:3000; or *");
  });
}

}  // namespace sluice::config
