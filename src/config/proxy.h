// The HTTP proxy on the way out: "proxy" of a provider, else the variables that other programs go by (HTTPS_PROXY,
// HTTP_PROXY, ALL_PROXY, NO_PROXY; lower case wins).
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "config/environment.h"
#include "config/problem.h"

namespace sluice::config {

// "http://user:password@host:port", also without the scheme; the port is 80 where none is given. The error (code
// config) says what is wrong and never repeats the text.
Result<Proxy> parse_proxy(std::string_view text);

// Whether NO_PROXY names that place: a name and all names below it ("example.com", ".example.com", "*.example.com"), an
// address, a network ("10.0.0.0/8"), each with a port or without, or "*". Separated by commas or blanks.
bool is_named_by_no_proxy(std::string_view no_proxy, std::string_view host, uint16_t port);

// Gives every provider and receiver of alerts that says nothing itself the proxy that the variables name. This machine
// is reached directly. Returns what is wrong with a variable that would count.
std::vector<Problem> apply_proxies(Config& config, const Environment& environment);

}  // namespace sluice::config
