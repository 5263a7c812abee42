#include "demo/endpoint.h"

#include <array>

#include "api/endpoint.h"
#include "api/percent.h"

namespace sluice::demo {

namespace {

std::array<std::span<const DemoEndpoint>, 6> tables() {
  return {conversation_endpoints(), stored_response_endpoints(), gemini_other_endpoints(),
          ollama_other_endpoints(), model_endpoints(),           openai_other_endpoints()};
}

std::string decoded(std::string_view text) {
  std::string out;
  api::append_percent_decoded(out, text);
  return out;
}

// Whether `path` matches `pattern`; `name` is then the part that matches its wildcard.
bool fits(std::string_view pattern, std::string_view path, std::string_view& name) {
  const size_t open = pattern.find('{');
  if (open == pattern.npos) return pattern == path;
  const size_t close = pattern.find('}');
  const std::string_view before = pattern.substr(0, open), after = pattern.substr(close + 1);
  if (path.size() <= before.size() + after.size() || !path.starts_with(before) || !path.ends_with(after)) return false;
  name = path.substr(before.size(), path.size() - before.size() - after.size());
  return pattern.substr(open, close - open + 1) == "{model}" || name.find('/') == name.npos;
}

bool fits(const DemoEndpoint& endpoint, http::Method method) {
  return endpoint.method == method || (endpoint.method == http::Method::get && method == http::Method::head);
}

}  // namespace

DemoAnswer json_answer(const Out& value) { return {dump(value), "application/json", nullptr}; }

Result<Found> find_endpoint(http::Method method, std::string_view path) {
  bool known = false;
  for (const auto& table : tables()) {
    for (const DemoEndpoint& endpoint : table) {
      std::string_view name;
      if (!fits(endpoint.pattern, path, name)) continue;
      if (fits(endpoint, method)) return Found{&endpoint, decoded(name)};
      known = true;
    }
  }
  if (known) return fail(ErrorCode::method_not_allowed, "the demo provider does not take this method here");
  return fail(ErrorCode::unknown_path, "the demo provider has nothing at " + std::string(path));
}

std::string allowed_methods(std::string_view path) {
  std::string allowed;
  for (const auto& table : tables()) {
    for (const DemoEndpoint& endpoint : table) {
      std::string_view name;
      if (!fits(endpoint.pattern, path, name)) continue;
      const std::string_view method = http::name_of(endpoint.method);
      if (allowed.find(method) != std::string::npos) continue;
      if (!allowed.empty()) allowed += ", ";
      allowed += method;
    }
  }
  return allowed;
}

Dialect dialect_of(const http::RequestHead& head) { return api::guess_dialect(head.path(), head.fields); }

Result<std::string> required_model(const Json& body) {
  const std::string_view model = string_member(body, "model");
  if (model.empty()) return fail(ErrorCode::bad_request, "`model` must be a string that is not empty");
  return std::string(model);
}

}  // namespace sluice::demo
