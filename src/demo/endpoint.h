// The demo provider's paths and handlers: tables of plain functions.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/dialect.h"
#include "base/result.h"
#include "demo/json.h"
#include "demo/memory.h"
#include "demo/script.h"
#include "http/message.h"

namespace sluice::demo {

struct DemoEndpoint;

// A complete request. The views are valid until the endpoint returns.
struct DemoRequest {
  const http::RequestHead& head;
  const DemoEndpoint& endpoint;
  std::string_view body;
  std::string name;   // the {model} or {id} in the path, percent-decoded
  std::string id;     // unique: 16 hexadecimal digits
  int64_t now_s = 0;  // Unix time
  std::shared_ptr<DemoMemory> memory;
};

struct DemoAnswer {
  std::string body;
  std::string_view content_type = "application/json";
  std::unique_ptr<Script> script;  // streamed instead of `body`
  std::string model{};             // the requested model; "": the request names none
  bool continues = false;          // the conversation ends with an assistant message
};
DemoAnswer json_answer(const Out& value);

// For endpoints whose requests are JSON objects: bad_request for any other body.
template <Result<DemoAnswer> (*answer)(const DemoRequest& request, const Json& body)>
Result<DemoAnswer> with_json(const DemoRequest& request) {
  const Result<Json> body = parse_object(request.body);
  if (!body) return tl::unexpected(body.error());
  Result<DemoAnswer> answered = answer(request, *body);
  if (!answered) return answered;
  answered->model = body->contains("model") ? string_member(*body, "model") : request.name;
  return answered;
}

struct DemoEndpoint {
  http::Method method;
  std::string_view pattern;  // at most one {id} (without a slash) or {model} (may contain slashes)
  Dialect dialect;
  Result<DemoAnswer> (*answer)(const DemoRequest&);
  std::string_view name{};  // api::Endpoint::name, if the dialect's own reader reads the requests
};
std::span<const DemoEndpoint> conversation_endpoints();
std::span<const DemoEndpoint> stored_response_endpoints();
std::span<const DemoEndpoint> openai_other_endpoints();
std::span<const DemoEndpoint> gemini_other_endpoints();
std::span<const DemoEndpoint> ollama_other_endpoints();
std::span<const DemoEndpoint> model_endpoints();

struct Found {
  const DemoEndpoint* endpoint = nullptr;
  std::string name;
};
// unknown_path, or method_not_allowed if only the method is wrong. HEAD matches where GET does.
Result<Found> find_endpoint(http::Method method, std::string_view path);
// "GET, DELETE"; "" for an unknown path.
std::string allowed_methods(std::string_view path);

// For errors: the dialect of the path, else of the header fields.
Dialect dialect_of(const http::RequestHead& head);

inline constexpr std::string_view listed_models[] = {"demo", "demo-small"};

// `model` of a request, which must be a non-empty string.
Result<std::string> required_model(const Json& body);

}  // namespace sluice::demo
