#include "admin/openapi.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <set>
#include <span>
#include <string_view>
#include <vector>

#include "admin/pages.h"
#include "api/dialect.h"
#include "base/error.h"
#include "base/json_writer.h"
#include "base/text.h"

namespace sluice::admin {
namespace {

using api::ModelIn;

constexpr std::string_view opening_begin =
    R"({"openapi":"3.1.0","info":{"title":"sluice","version":")" SLUICE_VERSION R"(",)"
    R"("summary":"An LLM gateway: one address for every provider.",)"
    R"("description":"Paths of a dialect are passed on to a target that speaks it: only the parts of their bodies )"
    R"(that sluice reads are described; the target defines the rest, including answers and errors. )"
    R"(The paths of )";
constexpr std::string_view opening_tags =
    R"( are also accepted without /v1."},"servers":[{"url":"/"}],"tags":[{"name":"sluice"})";

// Any of these, or none if no keys are configured.
constexpr std::string_view security =
    R"("security":[{"bearer":[]},{"x_api_key":[]},{"api_key":[]},{"x_goog_api_key":[]},{"key":[]},{}])";

constexpr std::string_view security_schemes =
    R"("securitySchemes":{"bearer":{"type":"http","scheme":"bearer"},)"
    R"("x_api_key":{"type":"apiKey","in":"header","name":"x-api-key"},)"
    R"("api_key":{"type":"apiKey","in":"header","name":"api-key"},)"
    R"("x_goog_api_key":{"type":"apiKey","in":"header","name":"x-goog-api-key"},)"
    R"("key":{"type":"apiKey","in":"query","name":"key"}})";

// Errors that any request can get, whatever its path.
constexpr std::array any_request = {ErrorCode::bad_request,        ErrorCode::request_timeout,
                                    ErrorCode::body_too_large,     ErrorCode::target_uri_too_long,
                                    ErrorCode::expectation_failed, ErrorCode::head_too_large,
                                    ErrorCode::bad_http_version};
// Further errors of requests that are passed on.
constexpr std::array passed_on = {ErrorCode::unauthorized,       ErrorCode::forbidden,      ErrorCode::unknown_model,
                                  ErrorCode::unsupported_coding, ErrorCode::rate_limited,   ErrorCode::internal,
                                  ErrorCode::target_broke,       ErrorCode::target_timeout, ErrorCode::overloaded};

void append_strings(std::string& out, std::initializer_list<std::string_view> parts) {
  for (const std::string_view part : parts) out += part;
}

std::string opening() {
  std::string without_version, tags;
  for (const api::DialectRoom* const room : api::rooms()) {
    append_strings(tags, {R"(,{"name":")", name_of(room->id), "\"}"});
    if (!room->version_optional) continue;
    append_strings(without_version, {without_version.empty() ? "" : " and ", name_of(room->id)});
  }
  std::string out;
  append_strings(out, {opening_begin, without_version, opening_tags, tags, "],\n"});
  return out;
}

std::string error_name(const api::DialectRoom& room) { return std::string(name_of(room.id)) + "_error"; }

// For sluice's pages: the dialect is guessed from the request's path and header fields.
std::string own_error() {
  std::string any;
  for (const api::DialectRoom* const room : api::rooms()) {
    if (room != api::rooms().front() && room->own_field.empty() && room->roots.empty()) continue;
    append_strings(any, {any.empty() ? "" : ",", R"({"$ref":"#/components/schemas/)", error_name(*room), "\"}"});
  }
  return R"({"anyOf":[)" + any + "]}";
}

void append_error_responses(std::string& out, std::string_view schema, const std::set<int>& statuses) {
  for (const int status : statuses) {
    append_strings(out, {",\"", std::to_string(status), R"(":{"$ref":"#/components/responses/)", schema, "\"}"});
  }
}

void add_statuses(std::set<int>& statuses, std::span<const ErrorCode> codes) {
  for (const ErrorCode code : codes) statuses.insert(http_status(code));
}

// "post_v1_models_model_generateContent": unique, since the pair of method and path is.
std::string operation_id(http::Method method, std::string_view path) {
  std::string id = to_lower(http::name_of(method));
  for (const char c : path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (plain) {
      id += c;
    } else if (id.back() != '_') {
      id += '_';
    }
  }
  while (id.back() == '_') id.pop_back();
  return id;
}

// --- requests that are passed on ---

void append_parameters(std::string& out, const api::Endpoint& endpoint) {
  std::vector<std::string_view> parameters;
  const std::string_view path = endpoint.pattern;
  if (path.find("{model}") != path.npos) {
    parameters.push_back(R"({"name":"model","in":"path","required":true,"schema":{"type":"string","minLength":1},)"
                         R"("description":"May span slashes, as provider/model does."})");
  }
  if (path.find("{id}") != path.npos) {
    parameters.push_back(R"({"name":"id","in":"path","required":true,"schema":{"type":"string","minLength":1,)"
                         R"("pattern":"^[^/]+$"}})");
  }
  if (path.ends_with(":streamGenerateContent")) {
    parameters.push_back(R"({"name":"alt","in":"query","schema":{"type":"string","enum":["sse","json"]},)"
                         R"("description":"sse: server-sent events; else a JSON array that grows."})");
  }
  if (endpoint.model_in == ModelIn::nowhere && endpoint.streams) {
    parameters.push_back(R"({"name":"stream","in":"query","schema":{"type":"boolean"}})");
  }
  if (parameters.empty()) return;
  out += R"("parameters":[)";
  for (const std::string_view parameter : parameters) {
    if (parameter.data() != parameters.front().data()) out += ',';
    out += parameter;
  }
  out += "],";
}

void append_body(std::string& out, const api::Endpoint& endpoint) {
  constexpr std::string_view model =
      R"("model":{"type":["string","null"],"description":"A name from `models`, or provider/model. Required if several )"
      R"(providers speak this dialect."})";
  constexpr std::string_view begin = R"("requestBody":{"required":true,"content":{")";
  constexpr std::string_view object = R"(":{"schema":{"type":"object","additionalProperties":true,"properties":{)";
  constexpr std::string_view end = "}}}}},";
  switch (endpoint.model_in) {
    case ModelIn::json_body:
      append_strings(out, {begin, "application/json", object, model, R"(,"stream":{"type":["boolean","null"])"});
      if (!endpoint.streams) out += R"(,"description":"Does nothing here.")";
      out += '}';
      if (endpoint.usage_splice) out += R"(,"stream_options":{"type":["object","null"]})";
      out += end;
      return;
    case ModelIn::multipart_body:
      append_strings(out, {begin, "multipart/form-data", object, model, end});
      return;
    case ModelIn::url:
      if (endpoint.method != http::Method::post) return;
      append_strings(out,
                     {begin, "application/json", R"(":{"schema":{"type":"object","additionalProperties":true}}}},)"});
      return;
    case ModelIn::nowhere:
      return;
  }
}

// The content types that the target's answer may have.
void append_answer(std::string& out, const api::Endpoint& endpoint) {
  out += R"("200":{"description":"The target's answer, unchanged.","content":{)";
  if (endpoint.name.starts_with("audio/")) {  // sound, or subtitles, or JSON
    out += R"("*/*":{}}})";
    return;
  }
  out += R"("application/json":{})";
  if (endpoint.streams) {
    const bool lines = api::room_of(endpoint.dialect).places.streams_lines;
    out += lines ? R"(,"application/x-ndjson":{})" : R"(,"text/event-stream":{})";
  }
  out += "}}";
}

void append_operation(std::string& out, const api::Endpoint& endpoint) {
  const std::string dialect(name_of(endpoint.dialect));
  append_strings(out, {"\"", to_lower(http::name_of(endpoint.method)), R"(":{"operationId":")",
                       operation_id(endpoint.method, endpoint.pattern), R"(","tags":[")", dialect, R"("],"summary":")",
                       dialect, ": ", endpoint.name, "\","});
  append_parameters(out, endpoint);
  append_body(out, endpoint);
  append_strings(out, {security, R"(,"responses":{)"});
  append_answer(out, endpoint);
  std::set<int> statuses;
  add_statuses(statuses, any_request);
  add_statuses(statuses, passed_on);
  if (endpoint.model_in == ModelIn::json_body) statuses.insert(http_status(ErrorCode::length_required));
  if (endpoint.streams) statuses.insert(http_status(ErrorCode::stream_gone));
  if (endpoint.method == http::Method::get) statuses.insert(http_status(ErrorCode::upgrade_required));
  append_error_responses(out, error_name(api::room_of(endpoint.dialect)), statuses);
  out += R"(,"default":{"$ref":"#/components/responses/passed_on"}}})";
}

// --- sluice's pages ---

void append_own_operation(std::string& out, const Pages::Page& page) {
  append_strings(out, {"\"", to_lower(http::name_of(page.method)), R"(":{"operationId":")",
                       operation_id(page.method, page.path), R"(","tags":["sluice"],"summary":)"});
  append_json_string(out, page.summary);
  out += ',';
  if (page.path.find("{model}") != page.path.npos) {
    out += R"("parameters":[{"name":"model","in":"path","required":true,"schema":{"type":"string","minLength":1}}],)";
  }
  if (!page.parameters.empty()) append_strings(out, {R"("parameters":)", page.parameters, ","});
  if (!page.body.empty()) {
    append_strings(out,
                   {R"("requestBody":{"required":true,"content":{"application/json":{"schema":)", page.body, "}}},"});
  }
  out += page.access < PageAccess::callers ? R"("security":[])" : security;
  append_strings(out, {R"(,"responses":{"200":{"description":"The page.","content":{")", page.content_type, "\":{"});
  if (!page.schema.empty()) append_strings(out, {R"("schema":)", page.schema});
  out += "}}}";
  if (page.path == "/ready") {
    append_strings(
        out, {R"(,"503":{"description":"Draining.","content":{"application/json":{"schema":)", page.schema, "}}}"});
  }
  std::set<int> statuses;
  add_statuses(statuses, any_request);
  if (page.access >= PageAccess::callers) statuses.insert(http_status(ErrorCode::unauthorized));
  if (page.access == PageAccess::admins) statuses.insert(http_status(ErrorCode::forbidden));
  if (page.path.ends_with('}')) statuses.insert(http_status(ErrorCode::unknown_model));
  append_error_responses(out, "own_error", statuses);
  out += R"(,"default":{"$ref":"#/components/responses/own_error"}}})";
}

void append_components(std::string& out) {
  append_strings(out, {R"("components":{)", security_schemes, ",\n\"schemas\":{"});
  for (const api::DialectRoom* const room : api::rooms()) {
    append_strings(out, {"\"", error_name(*room), "\":", room->error_schema, ","});
  }
  append_strings(out, {R"("own_error":)", own_error(), "},\n\"responses\":{"});
  const auto append_response = [&out](std::string_view name) {
    append_strings(out, {"\"", name, R"(":{"description":"Refused or failed.","content":{"application/json":)",
                         R"({"schema":{"$ref":"#/components/schemas/)", name, "\"}}}},"});
  };
  for (const api::DialectRoom* const room : api::rooms()) append_response(error_name(*room));
  append_response("own_error");
  out += R"("passed_on":{"description":"The target's answer, unchanged.","content":{"*/*":{}}}}})";
}

// Each path occurs once, with all its methods, in the order of the table.
struct PathItem {
  std::string_view path;
  std::string operations;
};

std::string& operations_of(std::vector<PathItem>& items, std::string_view path) {
  auto found = std::find_if(items.begin(), items.end(), [path](const PathItem& item) { return item.path == path; });
  if (found == items.end()) {
    items.push_back({path, {}});
    found = items.end() - 1;
  } else {
    found->operations += ',';
  }
  return found->operations;
}

[[gnu::cold]] std::string make_document() {
  std::vector<PathItem> items;
  for (const Pages::Page& page : Pages::table()) {
    if (!page.summary.empty()) append_own_operation(operations_of(items, page.path), page);
  }
  for (const api::Endpoint* const endpoint : api::endpoints()) {
    append_operation(operations_of(items, endpoint->pattern), *endpoint);
  }
  std::string out = opening();
  out += "\"paths\":{\n";
  for (const PathItem& item : items) {
    append_strings(out, {&item == items.data() ? "\"" : ",\n\"", item.path, "\":{", item.operations, "}"});
  }
  out += "},\n";
  append_components(out);
  out += "}\n";
  return out;
}

}  // namespace

const std::string& openapi_body() {
  static const std::string body = make_document();
  return body;
}

}  // namespace sluice::admin
