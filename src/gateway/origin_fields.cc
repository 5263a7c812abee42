#include "gateway/origin_fields.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "http/message.h"

namespace sluice::gateway {
namespace {

using http::same_name;

bool begins_with(std::string_view name, std::string_view prefix) {
  return name.size() >= prefix.size() && same_name(name.substr(0, prefix.size()), prefix);
}

template <size_t count>
bool is_one_of(std::string_view name, const std::array<std::string_view, count>& names) {
  return std::any_of(names.begin(), names.end(), [name](std::string_view one) { return same_name(one, name); });
}

constexpr std::array<std::string_view, 22> of_proxies = {"x-real-ip",
                                                         "x-client-ip",
                                                         "x-cluster-client-ip",
                                                         "x-original-forwarded-for",
                                                         "x-original-host",
                                                         "x-originating-ip",
                                                         "x-remote-ip",
                                                         "x-remote-addr",
                                                         "x-host",
                                                         "x-proxyuser-ip",
                                                         "x-envoy-internal",
                                                         "x-envoy-external-address",
                                                         "x-azure-clientip",
                                                         "x-azure-socketip",
                                                         "x-arr-clientcert",
                                                         "x-ssl-client-cert",
                                                         "x-client-cert",
                                                         "x-vercel-ip-country",
                                                         "x-vercel-id",
                                                         "x-vercel-forwarded-for",
                                                         "x-amzn-trace-id",
                                                         "x-nf-client-connection-ip"};
// They ask the target for another method or path than the one that was checked.
constexpr std::array<std::string_view, 5> overrides = {"x-http-method-override", "x-http-method", "x-method-override",
                                                       "x-original-url", "x-rewrite-url"};

constexpr int case_bit = 0x20;
constexpr size_t shortest_kept = 3;  // "via", "nel"

// The third letters of the "x-..." names above, for a quick rejection of nearly all other names.
constexpr uint32_t bit_of(char letter) { return uint32_t{1} << (static_cast<unsigned char>(letter) % 32); }
constexpr uint32_t letters_of_x = [] {
  uint32_t letters = bit_of('f') | bit_of('a');  // "x-forwarded", "x-appengine-"
  for (const std::string_view name : of_proxies) letters |= bit_of(name[2]);
  for (const std::string_view name : overrides) letters |= bit_of(name[2]);
  return letters;
}();

// A target's CORS fields are for pages of its own. Most other fields are rejected by their first letter.
bool is_of_cors(std::string_view name) {
  return (name.front() | case_bit) == 'a' && begins_with(name, "access-control-");
}

}  // namespace

// SDKs send many fields, so the first letter is checked first.
bool tells_of_proxy(std::string_view name) {
  if (name.size() < shortest_kept) return false;
  switch (name.front() | case_bit) {
    case 'c':  // "content-type" and the like are in every request
      if ((name[1] | case_bit) == 'o') return false;
      return begins_with(name, "cf-") || begins_with(name, "cloudfront-") || same_name(name, "client-ip") ||
             same_name(name, "cdn-loop");
    case 'd':
      return same_name(name, "do-connecting-ip");
    case 'f':
      return same_name(name, "forwarded") || begins_with(name, "fly-") || same_name(name, "fastly-client-ip");
    case 't':
      return same_name(name, "true-client-ip") || begins_with(name, "tailscale-");
    case 'v':
      return same_name(name, "via");
    case 'w':
      return begins_with(name, "wl-proxy-");
    case 'x':  // "x-stainless-lang" and the like are in many requests
      if ((letters_of_x & bit_of(name[2])) == 0) return false;
      return begins_with(name, "x-forwarded") || begins_with(name, "x-appengine-") || is_one_of(name, of_proxies);
    default:
      return false;
  }
}

bool stays_from_target(std::string_view name) {
  if (name.size() < shortest_kept) return false;
  switch (name.front() | case_bit) {
    case 'a':
      return begins_with(name, "access-control-request-");
    case 'c':
      if ((name[1] | case_bit) == 'o') return same_name(name, "cookie") || same_name(name, "cookie2");
      return tells_of_proxy(name);
    case 'o':
      return same_name(name, "origin");
    case 'r':
      return same_name(name, "referer");
    case 's':
      return begins_with(name, "sec-") || same_name(name, "sluice-resume");
    case 'x':
      if ((letters_of_x & bit_of(name[2])) == 0) return false;
      return tells_of_proxy(name) || is_one_of(name, overrides);
    default:
      return tells_of_proxy(name);
  }
}

bool stays_from_caller(std::string_view name) {
  if (name.size() < shortest_kept) return false;
  switch (name.size()) {
    case 3:
      return same_name(name, "nel");
    case 7:
      return same_name(name, "alt-svc") || same_name(name, "refresh");
    case 9:
      return same_name(name, "report-to") || same_name(name, "expect-ct") || same_name(name, "accept-ch");
    case 10:
      return same_name(name, "set-cookie");
    case 11:
      return same_name(name, "set-cookie2") || same_name(name, "critical-ch");
    case 15:
      return same_name(name, "clear-site-data") || same_name(name, "public-key-pins");
    case 19:
      return same_name(name, "reporting-endpoints") || same_name(name, "timing-allow-origin");
    case 25:
      return same_name(name, "strict-transport-security");
    case 27:
      return same_name(name, "public-key-pins-report-only") || is_of_cors(name);
    case 28:
      return same_name(name, "cross-origin-resource-policy") || is_of_cors(name);
    default:
      return is_of_cors(name);
  }
}

}  // namespace sluice::gateway
