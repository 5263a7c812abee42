// The paths sluice knows: which dialect each speaks, where its model name stands, and what the target's path is.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/dialect.h"
#include "base/result.h"
#include "http/message.h"

namespace sluice::api {

// Where a request names its model.
enum class ModelIn : unsigned char { json_body, multipart_body, url, nowhere };

struct Endpoint {
  std::string_view name;  // for metrics and records: "chat/completions", "messages", "generateContent"
  Dialect dialect;
  http::Method method;
  std::string_view pattern;  // "/v1/responses/{id}"; "{model}" may span slashes
  ModelIn model_in;
  bool usage_splice = false;  // a streamed answer gives usage only if stream_options asks for it
  bool streams = false;       // may answer with a stream
};

struct Match {
  const Endpoint* endpoint = nullptr;
  std::string_view model;  // ModelIn::url: the name in the path, a view into it, still percent-encoded
};

// All of them, for error texts, docs and tests.
std::span<const Endpoint> endpoints();

// Which endpoint `path` (no query) is. unknown_path names the nearest known paths; method_not_allowed when the path is
// known and the method is not (HEAD matches where GET does); bad_request where the name in it could lead elsewhere.
// `path` must outlive the Match.
Result<Match> match(http::Method method, std::string_view path);
// "foo" of /v1beta/models/x:foo and /v1/models/x:foo, where a POST says what is to be done with the model; "" for other
// paths. Any verb, known or not.
std::string_view verb_of(std::string_view path);
// "GET, POST": the methods of a path; "" for an unknown one.
std::string allowed_methods(std::string_view path);

// Whether the query of a request that names its model elsewhere names one too (bad_request): nothing here looks at it,
// but a target might.
Result<void> check_query(std::string_view query);

// Appends the target's path below a provider's base path for a matched request: "/chat/completions" for an openai
// provider (whose base URL ends in /v1), "/v1/messages" for anthropic. `model` replaces the one in the URL where the
// endpoint has it there (it is percent-encoded here, '/' kept; ':' is never encoded). `path` is the caller's.
void append_target_path(std::string& out, const Match& match, std::string_view path, std::string_view model);

// The dialect a request seems to speak, for error bodies and /v1/models: by its path, else by its headers
// (anthropic-version, x-goog-api-key), else openai.
Dialect guess_dialect(std::string_view path, const http::Fields& fields);

}  // namespace sluice::api
