// Paths that two readers could understand differently: a name in one, or one that is passed on as it is.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::api {

// `path` for an error's text, which has room for so much only.
std::string shown(std::string_view path);

// Whether a placeholder's value, decoded once, may stand in a path: another reader (the target, or a proxy before it)
// could resolve dots, take a backslash for a slash, or decode it once more, and see another path.
[[gnu::cold]] Result<void> check_name(std::string_view value, bool spans_slashes);
// The same of a path that is passed on as it is. A slash, or a byte that needs no encoding, may not be encoded either:
// what is guarded is known by its spelling.
[[gnu::cold]] Result<void> check_passing(std::string_view path);

}  // namespace sluice::api
