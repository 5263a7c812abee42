// The normal form of a request's path: every decision uses this spelling, and targets are sent it.
#pragma once

#include <string>

#include "base/result.h"

namespace sluice::http {

// `target`: "/path?query", or "*". Merges slashes, drops a trailing one and a repeated version (/v1/v1/models: a base
// URL and a path that both have it). Percent-encoded bytes and the query are left as they are. bad_request: a segment
// is "." or "..", also encoded; '%' is not followed by two hexadecimal digits, or encodes a control character.
Result<void> normalize_path(std::string& target);

}  // namespace sluice::http
