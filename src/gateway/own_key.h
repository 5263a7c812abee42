// Finds keys of sluice in a request, so that none is forwarded: not in a field or parameter that sluice does not know
// as one for keys, and not where the caller's credentials are forwarded ("api_key": "caller").
#pragma once

#include <string_view>

#include "policy/caller_keys.h"

namespace sluice::gateway {

// Whether a header field's value is or contains a key of ours: bare, after a scheme ("Bearer KEY", in any case), as
// either part of Basic credentials, or as one of its first 16 words ("Bearer A, Bearer KEY", "token=KEY").
bool is_own_key(const policy::CallerKeys& keys, std::string_view field_value);
// Whether a query parameter ("name=value") is or contains one, however it is percent-encoded.
bool has_own_key(const policy::CallerKeys& keys, std::string_view parameter);

}  // namespace sluice::gateway
