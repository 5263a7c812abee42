// JSON keys and form fields that sluice makes decisions by, and what other parsers take for the same key: many compare
// keys case-insensitively (Go's encoding/json does, by Unicode's rules), drop what is not UTF-8, or stop at a NUL. A
// request that two parsers may read differently is rejected.
#pragma once

#include <string>
#include <string_view>

namespace sluice::api {

// `key`, unescaped, as the most lenient parser might compare it: lower case, with U+017F as 's' and U+212A as 'k',
// without bytes that are not UTF-8, without white space around it, up to a NUL. Cut at the first character that ends at
// or behind 32 bytes, as none of our keys is that long.
std::string lenient_key(std::string_view key);

}  // namespace sluice::api
