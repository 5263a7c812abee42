// What of an API passes through as it is, without a model: the parts below a root (DialectRoom::subtrees), all of a
// provider below /providers/NAME, and what of that is not for everyone.
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
// The pattern as a path with or without a version has to fit it.
inline std::string_view without_version(std::string_view path) {
  return path.starts_with("/v1/") ? path.substr(3) : path;
}
inline std::string_view fitting(const DialectRoom& room, std::string_view pattern, bool has_version) {
  return has_version || !room.version_optional ? pattern : without_version(pattern);
}

// The subtree that `path` is of, or nullptr. Several dialects may have it: then it is that of the one whose callers
// alone send one of `fields`, else the first.
[[gnu::cold]] const Endpoint* subtree_of(std::string_view path, const http::Fields* fields);
// Without what some programs' base URLs have before the path; "" where there is none of it. `name`: the model's, where
// that stands in it.
[[gnu::cold]] std::string_view without_prefix(std::string_view path, std::string_view& name);

// A Match without an endpoint where it is no such path, or none for `method`. `is_endpoint`: the path is one that names
// a model too, which has its own methods beside what GET lists. bad_request where another reader could see another
// path.
[[gnu::cold]] Result<Match> match_passing(http::Method method, std::string_view path, const http::Fields* fields,
                                          bool is_endpoint);
// For a path that names its provider, whose dialects are given: how its answer is to be read and an error told.
[[gnu::cold]] const Endpoint& endpoint_at(std::span<const Dialect> dialects, std::string_view path);
// What `method` on `path` takes at a provider whose base URL has the path `base`.
[[gnu::cold]] Access access_of(http::Method method, std::string_view base, std::string_view path);

}  // namespace sluice::api
