// Rejects paths that two parsers could read differently: names in a path, and paths that pass through unchanged.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::api {

// `path` for an error's text, cut to the room there.
std::string shown(std::string_view path);

// Whether a placeholder's value, decoded once, is safe in a path: another parser (the target, or a proxy before it)
// could resolve dots, take a backslash for a slash, or decode it once more, and see another path.
[[gnu::cold]] Result<void> check_name(std::string_view value, bool spans_slashes);
// The same for a path that passes through unchanged. A slash, or a byte that needs no encoding, may not be encoded
// either: guarded paths are recognised by their spelling.
[[gnu::cold]] Result<void> check_passing(std::string_view path);

}  // namespace sluice::api
