// Requests that pass through unchanged, without a model: the parts of an API below a root (DialectRoom::subtrees), a
// whole provider below /providers/NAME, and which of those are restricted.
#pragma once

#include <span>
#include <string_view>

#include "api/dialect.h"
#include "api/endpoint.h"
#include "base/dialect.h"
#include "base/result.h"
#include "http/message.h"

namespace sluice::api {

inline bool is_below(std::string_view path, std::string_view root) {
  return path.starts_with(root) && (path.size() == root.size() || path[root.size()] == '/');
}
// fitting(): the pattern that a path with or without a version has to match.
inline std::string_view without_version(std::string_view path) {
  return path.starts_with("/v1/") ? path.substr(3) : path;
}
inline std::string_view fitting(const DialectRoom& room, std::string_view pattern, bool has_version) {
  return has_version || !room.version_optional ? pattern : without_version(pattern);
}

// The subtree that `path` belongs to, or nullptr. If several dialects have it, it is that of the dialect whose
// own_field is in `fields`, else the first's.
[[gnu::cold]] const Endpoint* subtree_of(std::string_view path, const http::Fields* fields);
// `path` without the prefix of some programs' base URLs; "" if it has none. `name`: the model's, if the prefix has it.
[[gnu::cold]] std::string_view without_prefix(std::string_view path, std::string_view& name);

// A Match without an endpoint if it is no such path, or not for `method`. `is_endpoint`: the path is also an endpoint
// that needs a model, so that only its GET passes here. bad_request if another parser could see another path.
[[gnu::cold]] Result<Match> match_passing(http::Method method, std::string_view path, const http::Fields* fields,
                                          bool is_endpoint);
// For a path that names its provider: the endpoint that decides how its answer is read and errors are written.
// `dialects`: the provider's.
[[gnu::cold]] const Endpoint& endpoint_at(std::span<const Dialect> dialects, std::string_view path);
// The access that `method` on `path` needs at a provider whose base URL has the path `base`.
[[gnu::cold]] Access access_of(http::Method method, std::string_view base, std::string_view path);

}  // namespace sluice::api
