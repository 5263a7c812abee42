#include "api/endpoint.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "api/dialect.h"
#include "api/key_spelling.h"
#include "api/passing.h"
#include "api/path_check.h"
#include "api/percent.h"
#include "base/nearest.h"

namespace sluice::api {
namespace {

using enum http::Method;

// The placeholder's value in `path`; nullopt where the path does not fit the pattern.
std::optional<std::string_view> placeholder_value(std::string_view pattern, std::string_view path) {
  const size_t open = pattern.find('{');
  const size_t close = pattern.find('}');
  const std::string_view before = pattern.substr(0, open);
  const std::string_view after = pattern.substr(close + 1);
  if (!path.starts_with(before)) return std::nullopt;
  path.remove_prefix(before.size());
  if (after.starts_with(':')) {
    const std::string_view verb = after.substr(1);
    if (!path.ends_with(verb)) return std::nullopt;
    path.remove_suffix(verb.size());
    const bool plain = path.ends_with(':');
    if (!plain && !path.ends_with("%3A") && !path.ends_with("%3a")) return std::nullopt;
    path.remove_suffix(plain ? 1 : 3);
  } else if (const size_t second = after.find('{'); second != std::string_view::npos) {
    const size_t at = path.rfind(after.substr(0, second));  // the rest of the path is the second placeholder's
    if (at == std::string_view::npos || path.size() == at + second) return std::nullopt;
    if (path.find('/', at + second) != std::string_view::npos) return std::nullopt;
    path = path.substr(0, at);
  } else {
    if (!path.ends_with(after)) return std::nullopt;
    path.remove_suffix(after.size());
  }
  const bool spans_slashes = pattern.substr(open, close - open) == "{model";
  if (path.empty() || (!spans_slashes && path.find('/') != std::string_view::npos)) return std::nullopt;
  return path;
}

// Calls `visit(endpoint, value)` for each endpoint whose pattern `path` fits, until it returns true.
template <typename Visit>
bool visit_fitting(std::string_view path, Visit visit) {
  const bool has_version = path.starts_with("/v1/");
  bool literal = false;  // a literal fits, so no placeholder may, whatever the method
  for (const DialectRoom* const room : rooms()) {
    for (const Endpoint& endpoint : room->endpoints.literals()) {
      if (fitting(*room, endpoint.pattern, has_version) != path) continue;
      if (visit(endpoint, std::string_view{})) return true;
      literal = true;
    }
  }
  if (literal) return false;
  bool verb = false;  // "models/x:generateContent" is no model's name, whatever the method
  for (const bool bare : {false, true}) {
    for (const DialectRoom* const room : rooms()) {
      for (const Endpoint& endpoint : room->endpoints.patterns()) {
        if (endpoint.pattern.ends_with('}') != bare) continue;
        const auto value = placeholder_value(fitting(*room, endpoint.pattern, has_version), path);
        if (value && visit(endpoint, *value)) return true;
        verb = verb || value.has_value();
      }
    }
    if (verb) break;
  }
  return false;
}

bool accepts(const Endpoint& endpoint, http::Method method) {
  return endpoint.method == method || (method == head && endpoint.method == get);
}

// "; did you mean /v1/chat/completions or /v1/completions?": the known paths nearest to `path`, if any is near.
std::string nearest_paths(std::string_view path) {
  std::vector<std::string_view> found;
  // An extra prefix ("/v1/v1/messages", "/openai/v1/chat/completions") is the most common mistake.
  std::string known = "; known are ";
  std::vector<std::string_view> patterns;
  for (const DialectRoom* const room : rooms()) {
    for (const Endpoint& endpoint : room->endpoints.literals()) {
      const std::string_view least = room->version_optional ? without_version(endpoint.pattern) : endpoint.pattern;
      if (found.empty() && path.ends_with(least)) found.push_back(endpoint.pattern);
    }
    for (const Endpoint& endpoint : room->endpoints.all()) patterns.push_back(endpoint.pattern);
    (known += room->endpoints.all().front().pattern) += ", ";
  }
  if (found.empty()) {
    found = nearest(path, patterns, 2);
    if (found.size() == 2 && found[0] == found[1]) found.pop_back();
  }
  if (found.empty()) return known + "and others";
  std::string text = "; did you mean ";
  text += found[0];
  if (found.size() == 2) (text += " or ") += found[1];
  text += '?';
  return text;
}

// "generateContent, streamGenerateContent, ...": each verb once.
std::string known_verbs() {
  std::string names;
  for (const DialectRoom* const room : rooms()) {
    if (room->verb_roots.empty()) continue;
    const std::string before = std::string(room->verb_roots.front()) + "{model}:";
    for (const Endpoint& endpoint : room->endpoints.patterns()) {
      if (!endpoint.pattern.starts_with(before)) continue;
      if (!names.empty()) names += ", ";
      names += endpoint.pattern.substr(before.size());
    }
  }
  return names;
}

}  // namespace

std::vector<const Endpoint*> endpoints() {
  std::vector<const Endpoint*> all;
  for (const DialectRoom* const room : rooms()) {
    for (const Endpoint& endpoint : room->endpoints.all()) all.push_back(&endpoint);
  }
  return all;
}

std::string_view operation_of(std::string_view endpoint) {
  for (const DialectRoom* const room : rooms()) {
    for (const Operation& operation : room->operations) {
      if (operation.endpoint == endpoint) return operation.name;
    }
  }
  return endpoint;
}

Result<Match> match(http::Method method, std::string_view path, const http::Fields* fields) {
  Match found;
  found.path = path;
  std::string_view placeholder;
  const bool fits = visit_fitting(path, [&](const Endpoint& endpoint, std::string_view value) {
    if (!accepts(endpoint, method)) return false;
    found.endpoint = &endpoint;
    placeholder = value;
    return true;
  });
  if (fits) {
    const bool names_model = found.endpoint->model_in == ModelIn::url;
    if (names_model) found.model = placeholder;
    if (!placeholder.empty()) {
      if (const Result<void> good = check_name(placeholder, names_model); !good) {
        return tl::unexpected<Error>(good.error());
      }
      const std::string_view last = path.substr(path.rfind('/') + 1);
      const bool second = names_model && found.endpoint->pattern.ends_with('}') && !placeholder.ends_with(last);
      if (const Result<void> good = second ? check_name(last, false) : Result<void>(); !good) {
        return tl::unexpected<Error>(good.error());
      }
    }
    return found;
  }
  const bool is_endpoint = visit_fitting(
      path, [](const Endpoint& endpoint, std::string_view) { return endpoint.model_in != ModelIn::nowhere; });
  Result<Match> passing = match_passing(method, path, fields, is_endpoint);
  if (!passing || passing->endpoint != nullptr) return passing;
  std::string_view deployment;
  if (const std::string_view rest = without_prefix(path, deployment); !rest.empty()) {
    Result<Match> shorter = match(method, rest, fields);
    if (shorter) shorter->deployment = deployment;
    return shorter;
  }
  if (const std::string_view verb = verb_of(path); method == post && !verb.empty()) {
    if (path.find("/:") != std::string_view::npos) {
      return fail(ErrorCode::unknown_path, "unknown path " + shown(path) + ": the model is missing before the verb");
    }
    return fail(ErrorCode::unknown_path, "unknown verb '" + shown(verb) + "'; known are " + known_verbs());
  }
  const std::string allowed = allowed_methods(path);
  if (allowed.empty()) {
    return fail(ErrorCode::unknown_path, "unknown path " + shown(path) + nearest_paths(path));
  }
  return fail(ErrorCode::method_not_allowed,
              std::string(http::name_of(method)) + " is not allowed on " + shown(path) + "; use " + allowed);
}

std::string_view verb_of(std::string_view path) {
  const auto has_verbs = [path](const DialectRoom* room) {
    return std::any_of(room->verb_roots.begin(), room->verb_roots.end(),
                       [path](std::string_view root) { return path.starts_with(root); });
  };
  if (std::none_of(rooms().begin(), rooms().end(), has_verbs)) return {};
  const size_t colon = path.rfind(':');
  size_t end = colon == std::string_view::npos ? 0 : colon + 1;
  for (const std::string_view encoded : {"%3A", "%3a"}) {
    const size_t at = path.rfind(encoded);
    if (at != std::string_view::npos) end = std::max(end, at + encoded.size());
  }
  const std::string_view verb = end == 0 ? std::string_view{} : path.substr(end);
  return verb.find('/') == std::string_view::npos ? verb : std::string_view{};
}

Result<void> check_query(std::string_view query) {
  while (!query.empty()) {
    const size_t end = std::min(query.find_first_of("&;"), query.size());
    const std::string_view parameter = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    std::string name;
    append_percent_decoded(name, parameter.substr(0, parameter.find('=')));
    if (lenient_key(std::string_view(name).substr(0, name.find('['))) == "model") {
      return fail(ErrorCode::bad_request, "the query names a model; name it where this path has it, and only there");
    }
  }
  return {};
}

std::string allowed_methods(std::string_view path) {
  std::string methods;
  visit_fitting(path, [&](const Endpoint& endpoint, std::string_view) {
    if (!methods.empty()) methods += ", ";
    methods += http::name_of(endpoint.method);
    if (endpoint.method == get) methods += ", HEAD";
    return false;
  });
  if (!methods.empty() && subtree_of(path, nullptr) != nullptr) methods += ", GET";
  return methods;
}

void append_target_path(std::string& out, const Match& match, std::string_view model) {
  const Endpoint& endpoint = *match.endpoint;
  const DialectRoom& room = room_of(endpoint.dialect);
  if (endpoint.model_in != ModelIn::url) {
    out += room.version_optional && match.provider.empty() ? without_version(match.path) : match.path;
    return;
  }
  if (model.starts_with(room.model_prefix)) model.remove_prefix(room.model_prefix.size());
  const std::string_view pattern = room.version_optional ? without_version(endpoint.pattern) : endpoint.pattern;
  out += pattern.substr(0, pattern.find('{'));
  append_path_encoded(out, model);
  const std::string_view after = pattern.substr(pattern.find('}') + 1);
  const size_t second = after.find('{');
  out += after.substr(0, second);
  if (second != std::string_view::npos) out += match.path.substr(match.path.rfind('/') + 1);
}

Dialect guess_dialect(std::string_view path, const http::Fields& fields) {
  std::string_view name;
  if (const std::string_view rest = without_prefix(path, name); !rest.empty()) path = rest;
  auto below = [&](std::string_view root) { return is_below(path, root); };
  for (const DialectRoom* const room : rooms()) {
    if (std::any_of(room->roots.begin(), room->roots.end(), below)) return room->id;
  }
  Dialect dialect{};
  const bool known = visit_fitting(path, [&](const Endpoint& endpoint, std::string_view) {
    dialect = endpoint.dialect;
    return endpoint.method != del;  // only one dialect deletes models, but several have the path
  });
  if (known) return dialect;
  if (const Endpoint* const subtree = subtree_of(path, &fields); subtree != nullptr) return subtree->dialect;
  for (const DialectRoom* const room : rooms()) {
    if (!room->own_field.empty() && fields.find(room->own_field)) return room->id;
  }
  return rooms().front()->id;
}

}  // namespace sluice::api
