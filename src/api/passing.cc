#include "api/passing.h"

#include <algorithm>
#include <array>

#include "api/dialect.h"
#include "api/path_check.h"
#include "base/text.h"

namespace sluice::api {
namespace {

using enum http::Method;

// What follows the name in the place of "{}".
std::string_view behind_segment(std::string_view path) { return path.substr(std::min(path.find('/'), path.size())); }

bool is_version(std::string_view segment) {
  return segment.size() > 2 && segment.starts_with("/v") && segment[2] >= '0' && segment[2] <= '9';
}

constexpr size_t kinds = 2;  // below a provider's version, and beside it
constexpr auto at_provider = [] {
  std::array<std::array<Endpoint, kinds>, dialect_names.size()> rows{};
  for (size_t i = 0; i < rows.size(); ++i) {
    for (size_t kind = 0; kind < kinds; ++kind) {
      Endpoint& row = rows[i][kind];
      row = {"provider", static_cast<Dialect>(i), get, "/providers/{name}", ModelIn::nowhere, false,
             false,      Yields::nothing};
      row.beside_version = kind == 1;
      row.makes = true;
    }
  }
  return rows;
}();
constexpr std::string_view providers_root = "/providers/";

}  // namespace

const Endpoint* subtree_of(std::string_view path, const http::Fields* fields) {
  const Endpoint* found = nullptr;
  for (const DialectRoom* const room : rooms()) {
    const bool own = fields != nullptr && !room->own_field.empty() && fields->find(room->own_field);
    if (found != nullptr && !own) continue;
    for (const Endpoint& endpoint : room->subtrees) {
      if (!is_below(path, fitting(*room, endpoint.pattern, path.starts_with("/v1/")))) continue;
      found = &endpoint;
      break;
    }
  }
  return found;
}

std::string_view without_prefix(std::string_view path, std::string_view& name) {
  for (const DialectRoom* const room : rooms()) {
    for (std::string_view prefix : room->prefixes) {
      const bool named = prefix.ends_with("{}");
      if (named) prefix.remove_suffix(2);
      if (!path.starts_with(prefix)) continue;
      std::string_view rest = path.substr(prefix.size());
      if (named) {
        name = rest.substr(0, rest.size() - behind_segment(rest).size());
        rest = behind_segment(rest);
      }
      if (rest.starts_with('/') && (!named || !name.empty())) return rest;
    }
  }
  return {};
}

Result<Match> match_passing(http::Method method, std::string_view path, const http::Fields* fields, bool is_endpoint) {
  Match found;
  found.passes = true;
  found.path = path;
  if (path.starts_with(providers_root)) {
    found.path = behind_segment(path.substr(providers_root.size()));
    found.provider = path.substr(providers_root.size(), path.size() - providers_root.size() - found.path.size());
    if (found.provider.empty() || found.path.empty()) return Match{};
    found.endpoint = &endpoint_at({}, found.path);
  } else {
    const Endpoint* const subtree = subtree_of(path, fields);
    if (subtree == nullptr || (is_endpoint && method != get)) return Match{};
    found.endpoint = subtree;
  }
  if (method == options) return Match{};
  if (const Result<void> good = check_passing(found.path); !good) return tl::unexpected<Error>(good.error());
  return found;
}

const Endpoint& endpoint_at(std::span<const Dialect> dialects, std::string_view path) {
  const bool has_version = path.starts_with("/v1/");
  const auto has = [&](const DialectRoom& room, std::string_view name) {
    return fitting(room, name, has_version) == path;
  };
  Dialect dialect = dialects.empty() ? rooms().front()->id : dialects.front();
  bool beside = false;
  for (const DialectRoom* const room : rooms()) {
    bool known = std::any_of(room->roots.begin(), room->roots.end(),
                             [path](std::string_view root) { return is_below(path, root); });
    for (const Endpoint& endpoint : room->endpoints.literals()) {
      known = known || has(*room, endpoint.pattern);
      beside = beside || (endpoint.beside_version && endpoint.pattern == path);
    }
    if (known && std::find(dialects.begin(), dialects.end(), room->id) != dialects.end()) dialect = room->id;
  }
  return at_provider[static_cast<size_t>(dialect)][beside ? 1 : 0];
}

Access access_of(http::Method method, std::string_view base, std::string_view path) {
  const std::string full = to_lower(std::string(base).append(path));
  Access access = Access::free;
  // The guarded root may begin in the base URL.
  for (size_t begin = 0; begin <= base.size(); begin = full.find('/', begin + 1)) {
    std::string_view rest = std::string_view(full).substr(begin);
    while (is_version(rest.substr(0, rest.find('/', 1)))) rest = rest.substr(std::min(rest.find('/', 1), rest.size()));
    for (const DialectRoom* const room : rooms()) {
      for (const GuardedPath& guard : room->guarded) {
        if (guard.method.value_or(method) != method || !rest.starts_with(guard.root)) continue;
        const bool ends = rest.size() == guard.root.size() ||
                          std::string_view("/;:?").find(rest[guard.root.size()]) != std::string_view::npos;
        if (!ends || (guard.access == Access::refused && begin < base.size())) continue;
        access = std::max(access, guard.access);
      }
    }
  }
  return access;
}

}  // namespace sluice::api
