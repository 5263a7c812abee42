#include "demo/endpoint.h"

#include <array>
#include <cctype>

namespace sluice::demo {

namespace {

std::array<std::span<const DemoEndpoint>, 7> tables() {
  return {openai_chat_endpoints(), responses_endpoints(), anthropic_endpoints(),   gemini_endpoints(),
          ollama_endpoints(),      model_endpoints(),     openai_other_endpoints()};
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

// Whether `path` fits `pattern`; `name` is then what stands for its wildcard.
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

// The words that the dialects have for a status.
std::string_view openai_type(int status) {
  if (status == 401) return "authentication_error";
  if (status == 429) return "rate_limit_error";
  return status >= 500 ? "server_error" : "invalid_request_error";
}

std::string_view anthropic_type(int status) {
  if (status == 404) return "not_found_error";
  if (status == 413) return "request_too_large";
  return status >= 500 ? "api_error" : "invalid_request_error";
}

std::string_view gemini_status(int status) {
  if (status == 404) return "NOT_FOUND";
  return status >= 500 ? "INTERNAL" : "INVALID_ARGUMENT";
}

}  // namespace

bool ends_with_assistant(const Json& body) {
  for (const char* list : {"messages", "contents", "input"}) {
    const Json& turns = member(body, list);
    if (!turns.is_array() || turns.empty()) continue;
    const std::string_view role = string_member(turns.back(), "role");
    return role == "assistant" || role == "model";
  }
  return false;
}

DemoAnswer json_answer(const Out& value) { return {dump(value), "application/json", nullptr}; }

Result<Found> find_endpoint(http::Method method, std::string_view path) {
  bool known = false;
  for (const auto& table : tables()) {
    for (const DemoEndpoint& endpoint : table) {
      std::string_view name;
      if (!fits(endpoint.pattern, path, name)) continue;
      if (fits(endpoint, method)) return Found{&endpoint, percent_decoded(name)};
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

Dialect dialect_of(const http::RequestHead& head) {
  const std::string_view path = head.path();
  if (path.starts_with("/v1/messages")) return Dialect::anthropic;
  if (path.starts_with("/v1/responses")) return Dialect::responses;
  if (path.starts_with("/v1beta/")) return Dialect::gemini;
  if (path.starts_with("/v1/models/") && path.find(':') != path.npos) return Dialect::gemini;
  if (path.starts_with("/api/")) return Dialect::ollama;
  return head.fields.find("anthropic-version") ? Dialect::anthropic : Dialect::openai;
}

std::string error_body(Dialect dialect, const Error& error) {
  const int status = http_status(error.code);
  switch (dialect) {
    case Dialect::anthropic:
      return dump(Out{{"type", "error"}, {"error", {{"type", anthropic_type(status)}, {"message", error.message}}}});
    case Dialect::gemini:
      return dump(Out{{"error", {{"code", status}, {"message", error.message}, {"status", gemini_status(status)}}}});
    case Dialect::ollama:
      return dump(Out{{"error", error.message}});
    case Dialect::openai:
    case Dialect::responses:
      break;
  }
  return dump(Out{
      {"error", {{"message", error.message}, {"type", openai_type(status)}, {"param", nullptr}, {"code", nullptr}}}});
}

Result<std::string> required_model(const Json& body) {
  const std::string_view model = string_member(body, "model");
  if (model.empty()) return fail(ErrorCode::bad_request, "`model` must be a string that is not empty");
  return std::string(model);
}

}  // namespace sluice::demo
