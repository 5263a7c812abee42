// The normal form of a request's path: the one spelling of it that everything decides by and that targets are sent.
#pragma once

#include <string>

#include "base/result.h"

namespace sluice::http {

// `target`: "/path?query", or "*". Merges slashes, drops one at the end and a version said twice (/v1/v1/models: a base
// URL and a path that both have it). Percent-encoded bytes and the query stay as they are. bad_request: a segment is
// "." or "..", also encoded; '%' is followed by no two hexadecimal digits, or encodes a control character.
Result<void> normalize_path(std::string& target);

}  // namespace sluice::http
