// Keys of JSON objects and fields of forms that sluice decides by, and what other readers take for the same: many
// compare keys without regard to case (Go's encoding/json does, by Unicode's rules), drop what is no UTF-8, or stop at
// a NUL. A request that one reader understands in one way and the next in another is refused.
#pragma once

#include <string>
#include <string_view>

namespace sluice::api {

// `key`, unescaped, as the most lenient reader might compare it: lower case, with U+017F as 's' and U+212A as 'k',
// without bytes that are no UTF-8, without white space around it, up to a NUL. At most 32 bytes; longer ones are cut,
// and are no key of ours.
std::string lenient_key(std::string_view key);

}  // namespace sluice::api
