// A key of sluice's own must not travel on with a caller's own credential ("api_key": "caller"), wherever it stands.
#pragma once

#include <string_view>

#include "policy/caller_keys.h"

namespace sluice::gateway {

// Whether a head field's value is a key of ours: as it is, behind a scheme in any case ("Bearer KEY"), or as either
// part of Basic credentials.
bool is_own_key(const policy::CallerKeys& keys, std::string_view field_value);
// Whether a part of a query ("name=value") is or holds one, however it is percent-encoded.
bool has_own_key(const policy::CallerKeys& keys, std::string_view parameter);

}  // namespace sluice::gateway
