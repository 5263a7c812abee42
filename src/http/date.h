// The time of day for header fields.
#pragma once

#include <string>

namespace sluice::http {

// The value of a Date field (base/time_text.h), of now to within some milliseconds. For answers that are rare: it is
// made each time.
std::string http_date_now();

}  // namespace sluice::http
