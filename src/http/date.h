// The value of a Date field.
#pragma once

#include <cstdint>
#include <string>

namespace sluice::http {

// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 5.6.7).
std::string http_date(int64_t unix_s);
// Of now, to within some milliseconds. For answers that are rare: it is made each time.
std::string http_date_now();

}  // namespace sluice::http
