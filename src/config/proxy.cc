#include "config/proxy.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/text.h"
#include "config/address.h"
#include "config/secret.h"
#include "config/url.h"

namespace sluice::config {
namespace {

std::optional<char> hex_pair(std::string_view text) {
  uint8_t value = 0;
  if (text.size() != 2) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + 2, value, 16);
  if (error != std::errc{} || end != text.data() + 2) return std::nullopt;
  return static_cast<char>(value);
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const std::optional<char> byte = text[i] == '%' ? hex_pair(text.substr(i + 1, 2)) : std::nullopt;
    out += byte.value_or(text[i]);
    if (byte) i += 2;
  }
  return out;
}

// The bytes of an IP address (4 or 16), for networks; empty: it is a name.
std::string ip_bytes(const std::string& text) {
  std::array<char, 16> bytes{};
  if (inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) return {bytes.data(), 4};
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) return {bytes.data(), 16};
  return {};
}

bool is_in_network(std::string_view network, std::string_view host) {
  const Result<std::string> cidr = parse_cidr(network);
  if (!cidr) return false;
  const size_t slash = cidr->find('/');
  const std::string base = ip_bytes(cidr->substr(0, slash)), ip = ip_bytes(std::string(host));
  size_t bits = 0;
  std::from_chars(cidr->data() + slash + 1, cidr->data() + cidr->size(), bits);
  if (base.empty() || base.size() != ip.size() || bits > 8 * ip.size()) return false;
  if (base.compare(0, bits / 8, ip, 0, bits / 8) != 0) return false;
  const auto rest = [&](const std::string& one) { return static_cast<unsigned char>(one[bits / 8]) >> (8 - bits % 8); };
  return bits % 8 == 0 || rest(base) == rest(ip);
}

// One entry of NO_PROXY, in lower case.
bool is_named_by(std::string_view entry, std::string_view host, uint16_t port) {
  if (entry == "*") return true;
  if (entry.find('/') != std::string_view::npos) return is_in_network(entry, host);
  std::string_view port_text;
  if (entry.starts_with('[')) {
    const size_t close = entry.find(']');
    if (close == std::string_view::npos) return false;
    port_text = entry.substr(close + 1);
    entry = entry.substr(1, close - 1);
  } else if (const size_t colon = entry.find(':'); colon != std::string_view::npos && colon == entry.rfind(':')) {
    port_text = entry.substr(colon);
    entry = entry.substr(0, colon);
  }
  if (!port_text.empty() && port_text != ":" + std::to_string(port)) return false;
  if (is_ip_address(entry)) return ip_bytes(std::string(entry)) == ip_bytes(std::string(host));
  if (entry.starts_with('*')) entry.remove_prefix(1);
  if (entry.starts_with('.')) entry.remove_prefix(1);
  if (entry.empty() || !host.ends_with(entry)) return false;
  return host.size() == entry.size() || host[host.size() - entry.size() - 1] == '.';
}

bool is_this_machine(const Url& url) {
  return url.demo || url.host.ends_with(".localhost") || Address{url.host, url.port, ""}.is_loopback_or_unix();
}

// A variable that is set, with its name: lower case wins, as in other programs.
struct Variable {
  std::string name, value;
};
std::optional<Variable> variable_of(const Environment& environment, std::string_view name) {
  for (const std::string& spelling : {to_lower(name), std::string(name)}) {
    if (auto value = set_variable(environment, spelling)) return Variable{spelling, std::move(*value)};
  }
  return std::nullopt;
}

}  // namespace

std::string Proxy::address() const { return Address{host, port, ""}.text(); }

Result<Proxy> parse_proxy(std::string_view text) {
  constexpr std::string_view form = "it has the form http://host:port or http://user:password@host:port";
  if (const size_t mark = text.find("://"); mark != std::string_view::npos) {
    const std::string scheme = to_lower(text.substr(0, mark));
    if (scheme != "http") {
      return fail(ErrorCode::config, "only HTTP proxies are supported; " + std::string(form));
    }
    text.remove_prefix(mark + 3);
  }
  if (text.ends_with('/')) text.remove_suffix(1);
  Proxy proxy;
  if (const size_t at = text.rfind('@'); at != std::string_view::npos) {
    proxy.credentials = percent_decoded(text.substr(0, at));
    if (proxy.credentials.find(':') == std::string::npos) proxy.credentials += ':';
    if (!is_field_value(proxy.credentials) || proxy.credentials == ":") {
      return fail(ErrorCode::config, "the user or the password before the @ contains characters that cannot be sent");
    }
    text.remove_prefix(at + 1);
  }
  if (text.find_first_of("/?#") != std::string_view::npos) {
    return fail(ErrorCode::config, "only a port may follow the host; " + std::string(form));
  }
  const Result<Url> url = parse_url("http://" + std::string(text));
  if (!url) return fail(ErrorCode::config, url.error().message + "; " + std::string(form));
  proxy.host = url->host;
  proxy.port = url->port;
  return proxy;
}

bool is_named_by_no_proxy(std::string_view no_proxy, std::string_view host, uint16_t port) {
  const std::string list = to_lower(no_proxy);
  std::string_view rest = list;
  while (true) {
    const size_t begin = rest.find_first_not_of(", \t");
    if (begin == std::string_view::npos) return false;
    rest.remove_prefix(begin);
    const std::string_view entry = rest.substr(0, rest.find_first_of(", \t"));
    if (is_named_by(entry, host, port)) return true;
    rest.remove_prefix(entry.size());
  }
}

std::vector<Problem> apply_proxies(Config& config, const Environment& environment) {
  std::vector<Problem> problems;
  const std::optional<Variable> for_all = variable_of(environment, "ALL_PROXY");
  auto for_https = variable_of(environment, "HTTPS_PROXY"), for_http = variable_of(environment, "HTTP_PROXY");
  if (!for_https) for_https = for_all;
  if (!for_http) for_http = for_all;
  const auto not_through = variable_of(environment, "NO_PROXY");
  const auto proxy_for = [&](const Url& url) -> std::optional<Proxy> {
    const std::optional<Variable>& variable = url.tls ? for_https : for_http;
    if (!variable || is_this_machine(url)) return std::nullopt;
    if (not_through && is_named_by_no_proxy(not_through->value, url.host, url.port)) return std::nullopt;
    Result<Proxy> proxy = parse_proxy(trim(variable->value, white_space));
    if (!proxy) {
      const auto same = [&](const Problem& problem) { return problem.source == variable->name; };
      if (std::none_of(problems.begin(), problems.end(), same)) {
        problems.push_back({variable->name, 0, 0, "", "is not a usable proxy: " + proxy.error().message, "",
                            R"(or unset it, list the hosts to reach directly in NO_PROXY, or give "proxy": "none")"});
      }
      return std::nullopt;
    }
    proxy->origin = variable->name;
    return std::move(*proxy);
  };
  for (Provider& provider : config.providers) {
    if (!provider.proxy_given) provider.proxy = proxy_for(provider.base_url);
  }
  for (std::optional<AlertTarget>* receiver : {&config.alerts.sentry, &config.alerts.webhook}) {
    if (!*receiver) continue;
    (*receiver)->proxy = proxy_for((*receiver)->url);
    if ((*receiver)->proxy) config.alerts.secrets.push_back((*receiver)->proxy->password());
  }
  return problems;
}

}  // namespace sluice::config
