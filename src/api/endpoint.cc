#include "api/endpoint.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "api/key_spelling.h"
#include "api/model_places.h"
#include "api/percent.h"
#include "base/nearest.h"

namespace sluice::api {
namespace {

using enum http::Method;
using enum Dialect;

// The OpenAI paths are written with /v1 here and are accepted without it, as many programs are given a base URL that
// lacks it.
constexpr std::string_view openai_version = "/v1";

constexpr std::array table = std::to_array<Endpoint>({
    {"chat/completions", openai, post, "/v1/chat/completions", ModelIn::json_body, true, true},
    {"messages", anthropic, post, "/v1/messages", ModelIn::json_body, false, true},
    {"responses", responses, post, "/v1/responses", ModelIn::json_body, false, true},
    {"embeddings", openai, post, "/v1/embeddings", ModelIn::json_body},
    {"completions", openai, post, "/v1/completions", ModelIn::json_body, true, true},
    {"messages/count_tokens", anthropic, post, "/v1/messages/count_tokens", ModelIn::json_body},
    {"responses/compact", responses, post, "/v1/responses/compact", ModelIn::json_body},
    {"responses/input_tokens", responses, post, "/v1/responses/input_tokens", ModelIn::json_body},
    {"moderations", openai, post, "/v1/moderations", ModelIn::json_body},
    {"images/generations", openai, post, "/v1/images/generations", ModelIn::json_body, false, true},
    {"images/edits", openai, post, "/v1/images/edits", ModelIn::multipart_body, false, true},
    {"images/variations", openai, post, "/v1/images/variations", ModelIn::multipart_body},
    {"audio/transcriptions", openai, post, "/v1/audio/transcriptions", ModelIn::multipart_body, false, true},
    {"audio/translations", openai, post, "/v1/audio/translations", ModelIn::multipart_body},
    {"audio/speech", openai, post, "/v1/audio/speech", ModelIn::json_body, false, true},
    {"rerank", openai, post, "/v1/rerank", ModelIn::json_body},
    {"ollama/chat", ollama, post, "/api/chat", ModelIn::json_body, false, true},
    {"ollama/generate", ollama, post, "/api/generate", ModelIn::json_body, false, true},
    {"ollama/embed", ollama, post, "/api/embed", ModelIn::json_body},
    {"ollama/embeddings", ollama, post, "/api/embeddings", ModelIn::json_body},
    {"ollama/show", ollama, post, "/api/show", ModelIn::json_body},
    {"ollama/tags", ollama, get, "/api/tags", ModelIn::nowhere},
    {"ollama/version", ollama, get, "/api/version", ModelIn::nowhere},
    {"models", gemini, get, "/v1beta/models", ModelIn::nowhere},
    // From here on patterns with a placeholder.
    {"generateContent", gemini, post, "/v1beta/models/{model}:generateContent", ModelIn::url},
    {"streamGenerateContent", gemini, post, "/v1beta/models/{model}:streamGenerateContent", ModelIn::url, false, true},
    {"embedContent", gemini, post, "/v1beta/models/{model}:embedContent", ModelIn::url},
    {"batchEmbedContents", gemini, post, "/v1beta/models/{model}:batchEmbedContents", ModelIn::url},
    {"batchGenerateContent", gemini, post, "/v1beta/models/{model}:batchGenerateContent", ModelIn::url},
    {"asyncBatchEmbedContent", gemini, post, "/v1beta/models/{model}:asyncBatchEmbedContent", ModelIn::url},
    {"countTokens", gemini, post, "/v1beta/models/{model}:countTokens", ModelIn::url},
    {"generateContent", gemini, post, "/v1/models/{model}:generateContent", ModelIn::url},
    {"streamGenerateContent", gemini, post, "/v1/models/{model}:streamGenerateContent", ModelIn::url, false, true},
    {"embedContent", gemini, post, "/v1/models/{model}:embedContent", ModelIn::url},
    {"batchEmbedContents", gemini, post, "/v1/models/{model}:batchEmbedContents", ModelIn::url},
    {"countTokens", gemini, post, "/v1/models/{model}:countTokens", ModelIn::url},
    {"responses/input_items", responses, get, "/v1/responses/{id}/input_items", ModelIn::nowhere},
    {"responses/cancel", responses, post, "/v1/responses/{id}/cancel", ModelIn::nowhere},
    {"responses/get", responses, get, "/v1/responses/{id}", ModelIn::nowhere, false, true},
    {"responses/delete", responses, del, "/v1/responses/{id}", ModelIn::nowhere},
    {"models/get", gemini, get, "/v1beta/models/{model}", ModelIn::url},
});

constexpr bool has_placeholder(const Endpoint& endpoint) {
  return endpoint.pattern.find('{') != std::string_view::npos;
}
constexpr size_t literal_count = [] {
  size_t count = 0;
  while (!has_placeholder(table[count])) ++count;
  return count;
}();
// The literal patterns come first, so that /v1/responses/compact is never taken for an id.
static_assert(std::all_of(table.begin() + literal_count, table.end(), has_placeholder));

constexpr bool may_lack_version(const Endpoint& endpoint) {
  return endpoint.dialect == openai || endpoint.dialect == responses;
}

// Takes the placeholder's value out of `path`; nullopt where the path is another one.
std::optional<std::string_view> placeholder_value(const Endpoint& endpoint, std::string_view path) {
  const std::string_view pattern = endpoint.pattern;
  const size_t open = pattern.find('{');
  const size_t close = pattern.find('}');
  std::string_view before = pattern.substr(0, open);
  const std::string_view after = pattern.substr(close + 1);
  if (may_lack_version(endpoint) && !path.starts_with("/v1/")) before.remove_prefix(openai_version.size());
  if (!path.starts_with(before)) return std::nullopt;
  path.remove_prefix(before.size());
  if (after.starts_with(':')) {
    const std::string_view verb = after.substr(1);
    if (!path.ends_with(verb)) return std::nullopt;
    path.remove_suffix(verb.size());
    const bool plain = path.ends_with(':');
    if (!plain && !path.ends_with("%3A") && !path.ends_with("%3a")) return std::nullopt;
    path.remove_suffix(plain ? 1 : 3);
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
  bool literal = false;  // then it is no placeholder's value, whatever the method
  for (size_t i = 0; i < literal_count; ++i) {
    const Endpoint& endpoint = table[i];
    std::string_view pattern = endpoint.pattern;
    if (!has_version && may_lack_version(endpoint)) pattern.remove_prefix(openai_version.size());
    if (pattern != path) continue;
    if (visit(endpoint, std::string_view{})) return true;
    literal = true;
  }
  if (literal) return false;
  bool verb = false;  // "models/x:generateContent" is no model's name, whatever the method
  for (size_t i = literal_count; i < table.size(); ++i) {
    const auto value = placeholder_value(table[i], path);
    const bool bare = table[i].pattern.ends_with('}');
    if (!value || (verb && bare)) continue;
    if (visit(table[i], *value)) return true;
    verb = verb || !bare;
  }
  return false;
}

bool accepts(const Endpoint& endpoint, http::Method method) {
  return endpoint.method == method || (method == head && endpoint.method == get);
}

// "; did you mean /v1/chat/completions or /v1/completions?": the known paths nearest to `path`, if any is near.
std::string nearest_paths(std::string_view path) {
  std::vector<std::string_view> found;
  // A prefix too much ("/v1/v1/messages", "/openai/v1/chat/completions") is the commonest mistake.
  for (size_t i = 0; i < literal_count && found.empty(); ++i) {
    const std::string_view pattern = table[i].pattern;
    const size_t dispensable = may_lack_version(table[i]) ? openai_version.size() : 0;
    if (path.ends_with(pattern.substr(dispensable))) found.push_back(pattern);
  }
  if (found.empty()) {
    std::array<std::string_view, table.size()> patterns;
    for (size_t i = 0; i < table.size(); ++i) patterns[i] = table[i].pattern;
    found = nearest(path, patterns, 2);
    if (found.size() == 2 && found[0] == found[1]) found.pop_back();
  }
  if (found.empty()) return "; known are /v1/chat/completions, /v1/responses, /v1/messages and others";
  std::string text = "; did you mean ";
  text += found[0];
  if (found.size() == 2) (text += " or ") += found[1];
  text += '?';
  return text;
}

// "generateContent, streamGenerateContent, ...": what can be done with Gemini's models.
std::string known_verbs() {
  std::string names;
  constexpr std::string_view before = "/v1beta/models/{model}:";
  for (const Endpoint& endpoint : table) {
    if (!endpoint.pattern.starts_with(before)) continue;
    if (!names.empty()) names += ", ";
    names += endpoint.pattern.substr(before.size());
  }
  return names;
}

// `path` for an error text, which has room for so much only.
std::string shown(std::string_view path) {
  constexpr size_t longest = 200;
  std::string text(path.substr(0, longest));
  if (path.size() > longest) text += "...";
  return text;
}

// Whether a placeholder's value, decoded once, may stand in a path: another reader (the target, or a proxy before it)
// could resolve dots, take a backslash for a slash, or decode it once more, and see another path.
[[gnu::cold]] Result<void> check_value(std::string_view value, bool spans_slashes) {
  std::string decoded;
  append_percent_decoded(decoded, value);
  bool good = spans_slashes || decoded.find('/') == std::string::npos;
  for (const char c : decoded) {
    const auto byte = static_cast<unsigned char>(c);
    good = good && byte >= ' ' && byte != 0x7f && c != '\\' && c != '%' && c != '?' && c != '#';
  }
  for (std::string_view rest = decoded; good;) {
    const size_t slash = rest.find('/');
    const std::string_view segment = rest.substr(0, slash);
    good = !segment.empty() && segment != "." && segment != "..";
    if (slash == std::string_view::npos) break;
    rest.remove_prefix(slash + 1);
  }
  if (good) return {};
  return fail(ErrorCode::bad_request,
              "the path names '" + shown(value) +
                  "': empty segments, '.' and '..', control characters, backslashes, '%', '?' and '#' may not stand "
                  "in a name, nor an encoded slash in an id");
}

}  // namespace

std::span<const Endpoint> endpoints() { return table; }

Result<Match> match(http::Method method, std::string_view path) {
  Match found;
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
      if (const Result<void> good = check_value(placeholder, names_model); !good) {
        return tl::unexpected<Error>(good.error());
      }
    }
    return found;
  }
  if (const std::string_view verb = verb_of(path); method == post && !verb.empty()) {
    if (path.find("/:") != std::string_view::npos) {
      return fail(ErrorCode::unknown_path, "unknown path " + shown(path) + ": no model stands before the verb");
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
  if (!path.starts_with("/v1beta/models/") && !path.starts_with("/v1/models/")) return {};
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
  return methods;
}

void append_target_path(std::string& out, const Match& match, std::string_view path, std::string_view model) {
  const Endpoint& endpoint = *match.endpoint;
  const bool below_version = may_lack_version(endpoint);
  if (below_version || endpoint.model_in != ModelIn::url) {
    if (below_version && path.starts_with("/v1/")) path.remove_prefix(openai_version.size());
    out += path;
    return;
  }
  const size_t open = endpoint.pattern.find('{');
  out += endpoint.pattern.substr(0, open);
  append_path_encoded(out, plain_model_name(model));
  out += endpoint.pattern.substr(endpoint.pattern.find('}') + 1);
}

Dialect guess_dialect(std::string_view path, const http::Fields& fields) {
  auto below = [&](std::string_view prefix) {
    return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
  };
  if (below("/v1/messages")) return anthropic;
  if (below("/v1/responses") || below("/responses")) return responses;
  if (below("/v1beta")) return gemini;
  if (below("/api")) return ollama;
  Dialect dialect = openai;
  const bool known = visit_fitting(path, [&](const Endpoint& endpoint, std::string_view) {
    dialect = endpoint.dialect;
    return true;
  });
  if (known) return dialect;
  if (fields.find("anthropic-version")) return anthropic;
  if (fields.find("x-goog-api-key")) return gemini;
  return openai;
}

}  // namespace sluice::api
