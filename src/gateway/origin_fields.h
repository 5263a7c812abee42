// Head fields that end here because sluice stands between two origins: what tells a target of the caller's program and
// network, and what a target tells its own callers about itself.
#pragma once

#include <string_view>

namespace sluice::gateway {

// What proxies, tunnels and content networks write of whom they serve (Via, Forwarded, X-Forwarded-*, CF-*, ...):
// whoever asks may be anywhere, though the connection comes from this machine.
bool tells_of_proxy(std::string_view name);
// Of a caller's request: Cookie, Origin, Referer, Sec-*, Access-Control-Request-*; what tells of a proxy; and
// what would have a target take another method or path than sluice decided by.
bool stays_from_target(std::string_view name);
// Of a target's answer: what would make the caller's program keep, report, redirect or permit something for sluice's
// address: Set-Cookie, Alt-Svc, Strict-Transport-Security, NEL, Report-To, Access-Control-*, ...
bool stays_from_caller(std::string_view name);

}  // namespace sluice::gateway
