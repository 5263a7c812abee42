// Finds keys of sluice in a request, so that none is forwarded where the caller's credentials are ("api_key":
// "caller").
#pragma once

#include <string_view>

#include "policy/caller_keys.h"

namespace sluice::gateway {

// Whether a header field's value is a key of ours: bare, after a scheme ("Bearer KEY", in any case), or as either part
// of Basic credentials.
bool is_own_key(const policy::CallerKeys& keys, std::string_view field_value);
// Whether a query parameter ("name=value") is or contains one, however it is percent-encoded.
bool has_own_key(const policy::CallerKeys& keys, std::string_view parameter);

}  // namespace sluice::gateway
