// The HTTP proxy for outgoing connections: a provider's "proxy", else the usual variables (HTTPS_PROXY, HTTP_PROXY,
// ALL_PROXY, NO_PROXY; lower case wins).
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "config/environment.h"
#include "config/problem.h"

namespace sluice::config {

// "http://user:password@host:port", the scheme optional; the default port is 80. The error (code config) says what is
// wrong and never repeats the text.
Result<Proxy> parse_proxy(std::string_view text);

// Whether NO_PROXY matches this host and port. Entries: a name, which matches all names below it too ("example.com",
// ".example.com", "*.example.com"), an address, a network ("10.0.0.0/8"), each with or without a port, or "*".
// Separated by commas or blanks.
bool is_named_by_no_proxy(std::string_view no_proxy, std::string_view host, uint16_t port);

// Gives every provider and alert receiver without a proxy setting the proxy from the variables. This machine is reached
// directly. Returns problems of variables that would be used.
std::vector<Problem> apply_proxies(Config& config, const Environment& environment);

}  // namespace sluice::config
