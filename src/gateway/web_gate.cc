#include "gateway/web_gate.h"

#include <algorithm>
#include <array>

#include "api/rate_limit_fields.h"
#include "base/text.h"
#include "http/writer.h"

namespace sluice::gateway {
namespace {

// The fields of an answer that a page's script may read.
const std::string& exposed() {
  static const std::string names =
      "x-request-id, request-id, sluice-target, sluice-attempts, sluice-dropped, retry-after, x-should-retry, " +
      api::all_rate_limit_names();
  return names;
}

constexpr std::string_view preflight_seconds = "7200";  // the most that any browser caches it

// "localhost:8000" -> "localhost", "[::1]:8000" -> "::1". A trailing dot (the DNS root) is removed.
std::string_view host_of(std::string_view authority) {
  if (authority.starts_with('[')) {
    const size_t end = authority.find(']');
    const bool whole = end != std::string_view::npos && (end + 1 == authority.size() || authority[end + 1] == ':');
    return whole ? authority.substr(1, end - 1) : authority;
  }
  authority = authority.substr(0, authority.find(':'));
  if (authority.ends_with('.')) authority.remove_suffix(1);
  return authority;
}

std::string_view shown(std::string_view text) { return cut_to(text, 128); }

tl::unexpected<Error> refused_origin(std::string_view origin, bool open) {
  std::string text = "a web page of ";
  text += origin.empty() ? std::string_view("another site") : shown(origin);
  text += open ? " may not use this sluice, which requires no key" : " may not call this sluice";
  text += "; to allow it, add its origin to \"cors\": {\"origins\": []} in the configuration";
  return fail(ErrorCode::forbidden, std::move(text));
}

}  // namespace

bool is_same_origin(std::string_view origin, std::string_view host) {
  std::string_view port;
  if (origin.starts_with("http://")) {
    port = ":80";
    origin.remove_prefix(7);
  } else if (origin.starts_with("https://")) {
    port = ":443";
    origin.remove_prefix(8);
  } else {
    return false;
  }
  if (host.ends_with(port) && !origin.ends_with(port)) host.remove_suffix(port.size());
  return !origin.empty() && http::same_name(origin, host);
}

bool is_of_this_machine(std::string_view peer) {
  return peer == "unix" || peer == "memory" || peer.starts_with("127.") || peer.starts_with("[::1]") ||
         peer.starts_with("[::ffff:127.");
}

bool WebGate::is_own_name(std::string_view authority) const {
  const std::string_view host = host_of(authority);
  if (host == "127.0.0.1" || host == "localhost" || host.empty()) return true;
  constexpr std::string_view below_localhost = ".localhost";  // loopback to every browser (RFC 6761 6.3)
  if (host.size() > below_localhost.size() &&
      http::same_name(host.substr(host.size() - below_localhost.size()), below_localhost)) {
    return true;
  }
  if (http::same_name(host, "localhost") || config::Address{std::string(host), 0, ""}.is_loopback_or_unix())
    return true;
  const auto same = [host](std::string_view one) { return http::same_name(one, host); };
  return std::any_of(config_.hosts.begin(), config_.hosts.end(), same) ||
         std::any_of(config_.listen.begin(), config_.listen.end(),
                     [&](const config::Address& address) { return same(address.host); });
}

bool WebGate::lists(std::string_view origin) const {
  return !origin.empty() && std::any_of(config_.cors.origins.begin(), config_.cors.origins.end(),
                                        [&](const auto& one) { return one == "*" || http::same_name(one, origin); });
}

Result<WebGate::From> WebGate::look(const http::RequestHead& head, const http::Responder& responder) const {
  Signs signs;
  bool asks = doubts_peers_ && open_;
  for (size_t i = 0; i < head.fields.size(); ++i) {
    const http::Field field = head.fields[i];
    switch (field.name.size()) {
      case 4:
        if (open_ && http::same_name(field.name, "host") && !is_own_name(field.value)) signs.own_host = false;
        break;
      case 6:
        if (!http::same_name(field.name, "origin")) break;
        // Two Origin fields count as an opaque origin.
        signs.origin = asks && !signs.origin.empty() ? std::string_view("null") : field.value;
        asks = true;
        break;
      case 14:
        if (!http::same_name(field.name, "sec-fetch-site")) break;
        if (field.value != "same-origin" && field.value != "none") signs.other_site = true;
        break;
      default:
        break;
    }
  }
  if (!asks && signs.own_host && !(open_ && signs.other_site)) return From::program;
  return look_closer(head, signs, responder);
}

Result<WebGate::From> WebGate::look_closer(const http::RequestHead& head, const Signs& signs,
                                           const http::Responder& responder) const {
  const std::string peer = responder.peer();
  if (open_ && !is_of_this_machine(peer)) {
    return fail(ErrorCode::forbidden, "while no keys are configured, only programs on this machine are served");
  }
  if (!signs.own_host && peer != "unix" && peer != "memory") {
    return fail(
        ErrorCode::forbidden,
        "the Host '" + std::string(shown(head.fields.find("host").value_or(""))) +
            "' is not a name of this sluice, and without keys a web page could have made it up (DNS rebinding); "
            "add the name to \"hosts\": [] in the configuration, or configure \"keys\"");
  }
  const bool preflight =
      head.method == http::Method::options && head.fields.find("access-control-request-method").has_value();
  if (lists(signs.origin)) return preflight ? From::preflight : From::listed_page;
  if (is_same_origin(signs.origin, head.fields.find("host").value_or(""))) return From::program;
  if (!signs.origin.empty() && (open_ || preflight)) return refused_origin(signs.origin, open_);
  if (open_ && signs.other_site) return refused_origin({}, true);
  return From::program;
}

std::string WebGate::answer_fields(const http::RequestHead& head, bool preflight) const {
  const bool any =
      std::find(config_.cors.origins.begin(), config_.cors.origins.end(), "*") != config_.cors.origins.end();
  std::string lines;
  http::write_field(lines, "access-control-allow-origin", any ? "*" : head.fields.find("origin").value_or(""));
  if (!preflight) {
    http::write_field(lines, "vary", "Origin");
    http::write_field(lines, "access-control-expose-headers", exposed());
    return lines;
  }
  http::write_field(lines, "vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers");
  http::write_field(lines, "access-control-allow-methods", "GET, HEAD, POST, PUT, PATCH, DELETE");
  if (const auto wanted = head.fields.find("access-control-request-headers")) {
    http::write_field(lines, "access-control-allow-headers", *wanted);
  }
  if (head.fields.find("access-control-request-private-network") == "true") {
    http::write_field(lines, "access-control-allow-private-network", "true");
  }
  http::write_field(lines, "access-control-max-age", preflight_seconds);
  return lines;
}

void WebGate::add_answer_fields(const http::RequestHead& head, http::Fields& fields) const {
  const std::string_view origin = head.fields.find("origin").value_or("");
  if (!lists(origin)) return;
  fields.add("access-control-allow-origin", origin);
  fields.add("vary", "Origin");
  fields.add("access-control-expose-headers", exposed());
}

}  // namespace sluice::gateway
