#include "gateway/target_request.h"

#include <algorithm>
#include <optional>

#include "api/credential.h"
#include "config/presets.h"
#include "gateway/origin_fields.h"
#include "gateway/own_key.h"
#include "gateway/upload_ticket.h"
#include "http/writer.h"

namespace sluice::gateway {
namespace {

// Fields that sluice writes itself.
bool is_written_anew(std::string_view name) {
  switch (name.size()) {
    case 4:
      return http::same_name(name, "host");
    case 6:
      return http::same_name(name, "expect");
    case 14:
      return http::same_name(name, "content-length");
    case 15:
      return http::same_name(name, "accept-encoding");
    default:
      return false;
  }
}

bool passes(const http::Field& field, const http::HopByHop& is_hop_by_hop, const ProviderLink& link,
            const Intake& intake, const policy::CallerKeys& keys) {
  const std::string_view name = field.name;
  if (is_written_anew(name) || is_hop_by_hop(name) || stays_from_target(name)) return false;
  if (!link.provider.caller_key) {
    if (api::is_credential_field(name) || api::is_account_field(name)) return false;
    if (api::is_named_as_secret(name) && !keys.empty() && is_own_key(keys, field.value)) return false;
  } else if (!keys.empty() && is_own_key(keys, field.value)) {
    return false;
  }
  if (intake.inflated() && http::same_name(name, "content-encoding")) return false;
  if (!intake.type_for_target().empty() && http::same_name(name, "content-type")) return false;
  return !link.sets(name);
}

// The caller's query without credentials that must not be forwarded.
std::string query_for(std::string_view query, const ProviderLink& link, const policy::CallerKeys& keys) {
  const bool callers_own = link.provider.caller_key;
  if (keys.empty()) return callers_own ? std::string(query) : api::without_credential(query);
  return api::without_parameters(callers_own ? std::string(query) : api::without_credential(query),
                                 [&](std::string_view parameter) { return has_own_key(keys, parameter); });
}

// Removes the api-version parameter that callers with a path prefix add: the target's base URL has its own.
std::string without_version(std::string_view query) {
  return api::without_parameters(query,
                                 [](std::string_view parameter) { return parameter.starts_with("api-version="); });
}

std::string without_ticket(std::string_view query) {
  return api::without_parameters(query, [](std::string_view parameter) { return parameter.starts_with(ticket_name); });
}

void write_path(std::string& path, const api::Match& match, const config::Provider& provider, std::string_view model) {
  if (match.endpoint->beside_version) {
    path = provider.path_beside();
  } else if (!match.provider.empty()) {
    path = provider.base_url.path;
    // A base URL usually ends in its version, and many callers repeat the version in what follows.
    const std::string_view first = match.path.substr(0, match.path.find('/', 1));
    if (!first.empty() && first == config::version_of(path)) path.resize(path.size() - first.size());
  } else {
    path = provider.path_for(match.endpoint->dialect);
  }
  api::append_target_path(path, match, model);
}

// Also for an empty body (RFC 9110 8.6).
bool tells_length(http::Method method) {
  return method == http::Method::post || method == http::Method::put || method == http::Method::patch;
}

}  // namespace

OutgoingRequest request_for(const routing::Target& target, const ProviderLink& link, std::string_view fixed_fields,
                            const http::RequestHead& caller, const Intake& intake, const std::vector<api::Edit>& edits,
                            const policy::CallerKeys& keys, std::string& scratch) {
  const api::Match& match = intake.question().match;
  std::string& path = scratch;
  write_path(path, match, link.provider, target.model);
  const std::string_view caller_query = caller.query();
  if (!caller_query.empty()) {
    std::string query = query_for(caller_query, link, keys);
    if (!match.provider.empty()) query = without_ticket(query);
    if (match.path.size() != caller.path().size() && match.provider.empty()) query = without_version(query);
    if (!query.empty()) (path += '?') += query;
  }
  OutgoingRequest request;
  std::string& head = request.head;
  constexpr size_t separators = 4, lines_of_ours = 64;  // of a field; of the rest of the request line and the length
  head.reserve(path.size() + caller.fields.bytes() + separators * caller.fields.size() + fixed_fields.size() +
               lines_of_ours);
  http::write_request_line(head, caller.method, path);
  head += fixed_fields;
  const http::HopByHop is_hop_by_hop(caller.fields);
  for (size_t i = 0; i < caller.fields.size(); ++i) {
    const http::Field field = caller.fields[i];
    if (passes(field, is_hop_by_hop, link, intake, keys)) http::write_field(head, field.name, field.value);
  }
  const std::string_view type = intake.type_for_target();
  if (!type.empty()) http::write_field(head, "content-type", type);
  if (caller.framing != http::BodyFraming::none || tells_length(caller.method)) {
    const std::optional<uint64_t> bytes = intake.bytes_with(edits);
    bytes ? http::write_field(head, "content-length", *bytes) : http::write_field(head, "transfer-encoding", "chunked");
  }
  http::end_head(head);
  intake.append_to(request.body, edits);
  request.more_follows = intake.goes_on();
  request.is_head = caller.method == http::Method::head;
  request.wants_stream = intake.question().stream;
  request.may_take_long = match.passes;
  return request;
}

OutgoingRequest rest_request(const routing::Target& target, const ProviderLink& link, std::string_view fixed_fields,
                             const http::RequestHead& caller, const Intake& intake, Dialect dialect,
                             std::string_view path, const policy::CallerKeys& keys) {
  OutgoingRequest request;
  std::string whole(target.provider->path_for(dialect));
  http::write_request_line(request.head, http::Method::get, whole += path);
  request.head += fixed_fields;
  const http::HopByHop is_hop_by_hop(caller.fields);
  for (size_t i = 0; i < caller.fields.size(); ++i) {
    const http::Field field = caller.fields[i];
    const bool is_of_body = field.name.size() > 8 && http::same_name(field.name.substr(0, 8), "content-");
    if (!is_of_body && passes(field, is_hop_by_hop, link, intake, keys)) {
      http::write_field(request.head, field.name, field.value);
    }
  }
  http::end_head(request.head);
  request.wants_stream = true;
  return request;
}

namespace {

bool passes_to_any(std::string_view name) {
  static constexpr std::string_view names[] = {"user-agent", "traceparent", "tracestate", "baggage"};
  return std::any_of(std::begin(names), std::end(names),
                     [&](std::string_view one) { return http::same_name(name, one); });
}

// Appends the translation's fields that the configuration does not set.
void append_unset(std::string& head, std::string_view lines, const ProviderLink& link) {
  while (!lines.empty()) {
    const size_t end = lines.find("\r\n") + 2;
    if (!link.sets(lines.substr(0, lines.find(':')))) head += lines.substr(0, end);
    lines.remove_prefix(end);
  }
}

}  // namespace

OutgoingRequest translated_request(const routing::Target& target, const ProviderLink& link,
                                   std::string_view fixed_fields, const http::RequestHead& caller,
                                   const Translation& translation, std::string& scratch) {
  std::string& path = scratch;
  path = target.provider->path_for(translation.dialect());
  path += translation.path();
  OutgoingRequest request;
  std::string& head = request.head;
  http::write_request_line(head, http::Method::post, path);
  head += fixed_fields;
  for (size_t i = 0; i < caller.fields.size(); ++i) {
    const http::Field field = caller.fields[i];
    if (passes_to_any(field.name) && !link.sets(field.name)) http::write_field(head, field.name, field.value);
  }
  append_unset(head, translation.head_lines(), link);
  http::write_field(head, "content-type", "application/json");
  http::write_field(head, "content-length", translation.body().size());
  http::end_head(head);
  request.body.push_back(translation.body());
  request.wants_stream = translation.stream();
  return request;
}

}  // namespace sluice::gateway
