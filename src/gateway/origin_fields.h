// Header fields that are not passed on because sluice stands between two origins: those that tell a target about the
// caller's program and network, and those that a target sets for its own origin.
#pragma once

#include <string_view>

namespace sluice::gateway {

// Fields that proxies, tunnels and CDNs add (Via, Forwarded, X-Forwarded-*, CF-*, ...). With one of them the caller may
// be anywhere, even if the connection comes from this machine.
bool tells_of_proxy(std::string_view name);
// Fields of a request that a target must not see: Cookie, Origin, Referer, Sec-*, Access-Control-Request-*, those of
// proxies, and those that make a target use another method or path than the one sluice checked.
bool stays_from_target(std::string_view name);
// Fields of an answer that the caller must not see, because they would store, report, redirect or permit something for
// sluice's origin: Set-Cookie, Alt-Svc, Strict-Transport-Security, NEL, Report-To, Access-Control-*, ...
bool stays_from_caller(std::string_view name);

}  // namespace sluice::gateway
