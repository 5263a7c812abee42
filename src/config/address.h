// Reads a listening address from the file, a flag or a variable.
#pragma once

#include <string_view>

#include "base/result.h"
#include "config/config.h"

namespace sluice::config {

// The forms that parse_address() accepts, in one sentence for error texts; a literal.
inline constexpr std::string_view address_forms =
    "127.0.0.1:8000, [::1]:8000, localhost:8000, :8000 (all IPv4 interfaces), [::]:8000 (all interfaces) or unix:/path";

// "127.0.0.1:8000", "[::1]:8000", "localhost:8000", ":8000" (all IPv4 interfaces: 0.0.0.0), "unix:/run/sluice.sock".
// Port 0: the system chooses one. Names other than localhost are rejected: a listener binds addresses. The error (code
// config) says what is wrong.
Result<Address> parse_address(std::string_view text);

// Whether `text` is an IPv4 or IPv6 address, without brackets.
bool is_ip_address(std::string_view text);
// A CIDR in canonical form: a bare address gets /32 or /128. The error says what is wrong.
Result<std::string> parse_cidr(std::string_view text);

}  // namespace sluice::config
