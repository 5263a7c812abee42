// The paths sluice knows: which dialect each speaks, where its model name stands, and what the target's path is. The
// rows are in the dialects' folders.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/dialect.h"
#include "base/result.h"
#include "http/message.h"

namespace sluice::api {

// Where a request names its model.
enum class ModelIn : unsigned char { json_body, multipart_body, url, nowhere };

// What its answer counts for in the limits on tokens.
enum class Yields : unsigned char {
  tokens,
  media,   // pictures or sound: their bytes say nothing about tokens
  nothing  // it counts or looks up
};

struct Endpoint {
  std::string_view name;  // for metrics and records: "chat/completions", "messages", "generateContent"
  Dialect dialect;
  http::Method method;
  std::string_view pattern;  // "/v1/responses/{id}"; "{model}" may span slashes
  ModelIn model_in;
  bool usage_splice = false;  // a streamed answer gives usage only if stream_options asks for it
  bool streams = false;       // may answer with a stream
  Yields yields = Yields::tokens;
  bool beside_version = false;  // at a provider it stands beside the version, not below it
  bool makes = false;           // its answer's id names something that is later asked for by that id
};

// A part of an API that passes through unchanged: its root and every path below, with any method. No model is needed.
struct Subtree {
  std::string_view name, root;
};
// A dialect's subtrees as endpoints.
template <size_t rows>
consteval std::array<Endpoint, rows> passing(Dialect dialect, const Subtree (&all)[rows]) {
  std::array<Endpoint, rows> made{};
  for (size_t i = 0; i < rows; ++i) {
    made[i] = {all[i].name, dialect, http::Method::get, all[i].root, ModelIn::nowhere, false, false, Yields::nothing};
    made[i].makes = true;
  }
  return made;
}

// Who may use a part of a provider's own API.
enum class Access : unsigned char {
  free,
  manage,  // it changes what models a provider has
  refused  // it administers a whole organisation
};
struct GuardedPath {
  std::string_view root;  // below the version; in lower case
  Access access;
  std::optional<http::Method> method{};  // nullopt: any but GET and HEAD; where refused, any
};

// A dialect's endpoints, those without a placeholder first, so that /v1/responses/compact is never taken for an id.
class EndpointTable {
 public:
  constexpr EndpointTable() = default;
  template <size_t rows>
  explicit consteval EndpointTable(const std::array<Endpoint, rows>& all) : all_(all) {
    while (literals_ < rows && !has_placeholder(all[literals_])) ++literals_;
    for (size_t i = literals_; i < rows; ++i) {
      if (!has_placeholder(all[i])) throw "a literal pattern comes after one with a placeholder";
    }
  }
  std::span<const Endpoint> all() const { return all_; }
  std::span<const Endpoint> literals() const { return all_.first(literals_); }
  std::span<const Endpoint> patterns() const { return all_.subspan(literals_); }

 private:
  static constexpr bool has_placeholder(const Endpoint& endpoint) {
    return endpoint.pattern.find('{') != std::string_view::npos;
  }
  std::span<const Endpoint> all_;
  size_t literals_ = 0;
};

struct Match {
  const Endpoint* endpoint = nullptr;
  std::string_view path;          // without the prefix of some programs' base URLs; a view into the caller's path
  std::string_view model;         // ModelIn::url: the name in the path, a view into it, still percent-encoded
  std::string_view provider{};    // named by the path (/providers/NAME/...); `path` is then what follows
  std::string_view deployment{};  // the model's name where it stands before the path, percent-encoded
  bool passes = false;            // of a Subtree, or of a provider: the request is not read
};

// The endpoints of all dialects, for error texts, docs and tests.
std::vector<const Endpoint*> endpoints();
// The name that metrics have for the endpoint of that name.
std::string_view operation_of(std::string_view endpoint);

// Which endpoint `path` (no query) is. unknown_path names the nearest known paths; method_not_allowed when the path is
// known and the method is not (HEAD matches where GET does); bad_request where the name in it could lead elsewhere.
// `fields` decide the dialect of a path that several have. `path` must outlive the Match.
Result<Match> match(http::Method method, std::string_view path, const http::Fields* fields = nullptr);
// The verb, known or not, of a path that says what to do with a model: "foo" of /v1beta/models/x:foo. "" for other
// paths.
std::string_view verb_of(std::string_view path);
// "GET, POST": the methods of a path; "" for an unknown one.
std::string allowed_methods(std::string_view path);

// For a request that names its model elsewhere. bad_request: the query names one too, which sluice ignores but a target
// might not.
Result<void> check_query(std::string_view query);

// Appends the target's path below a provider's base path for a matched request: "/chat/completions" where a
// provider's base URL has the version, "/v1/messages" where it has not. `model` replaces the one in the URL where the
// endpoint has it there (it is percent-encoded here, '/' kept; ':' is never encoded).
void append_target_path(std::string& out, const Match& match, std::string_view model);

// The dialect a request seems to speak, for error bodies and /v1/models: by its path, else by a field that
// only its callers send, else the first.
Dialect guess_dialect(std::string_view path, const http::Fields& fields);

}  // namespace sluice::api
