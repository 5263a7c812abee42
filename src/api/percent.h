// Percent-encoding of URLs (RFC 3986 2.1).
#pragma once

#include <string>
#include <string_view>

namespace sluice::api {

// Appends `text` with its %XX decoded; a '%' without two hexadecimal digits stays as it is, and so does '+'.
void append_percent_decoded(std::string& out, std::string_view text);
// Appends `text` as part of a path: everything but unreserved characters, '/', ':' and '@' is encoded.
void append_path_encoded(std::string& out, std::string_view text);

}  // namespace sluice::api
