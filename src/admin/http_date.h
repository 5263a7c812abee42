// The value of a Date field.
#pragma once

#include <cstdint>
#include <string>

namespace sluice::admin {

// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 5.6.7).
std::string http_date(int64_t unix_s);

}  // namespace sluice::admin
