#include "gateway/target_request.h"

#include "api/credential.h"
#include "gateway/origin_fields.h"
#include "gateway/own_key.h"
#include "http/writer.h"

namespace sluice::gateway {
namespace {

// Fields of which sluice writes its own.
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
            const TargetRequestOptions& options) {
  const std::string_view name = field.name;
  if (is_written_anew(name) || is_hop_by_hop(name) || stays_from_target(name)) return false;
  if (!link.provider.caller_key) {
    if (api::is_credential_field(name)) return false;
  } else if (options.own_keys != nullptr && is_own_key(*options.own_keys, field.value)) {
    return false;
  }
  if (options.body_inflated && http::same_name(name, "content-encoding")) return false;
  if (!options.content_type.empty() && http::same_name(name, "content-type")) return false;
  return !link.sets(name);
}

// What of the caller's query goes on.
std::string query_for(std::string_view query, const ProviderLink& link, const TargetRequestOptions& options) {
  if (!link.provider.caller_key) return api::without_credential(query);
  if (options.own_keys == nullptr) return std::string(query);
  return api::without_parameters(query,
                                 [&](std::string_view parameter) { return has_own_key(*options.own_keys, parameter); });
}

}  // namespace

std::string write_target_head(const http::RequestHead& caller, const api::Match& match, const routing::Target& target,
                              const ProviderLink& link, const TargetRequestOptions& options, std::string& scratch) {
  std::string& path = scratch;
  path = link.provider.path_for(match.endpoint->dialect);
  api::append_target_path(path, match, caller.path(), target.model);
  const std::string_view caller_query = caller.query();
  if (!caller_query.empty()) {
    if (const std::string query = query_for(caller_query, link, options); !query.empty()) (path += '?') += query;
  }
  std::string head;
  constexpr size_t separators = 4, lines_of_ours = 64;  // a field's; and the request line's rest, and the length
  head.reserve(path.size() + caller.fields.bytes() + separators * caller.fields.size() + link.fixed_fields.size() +
               lines_of_ours);
  http::write_request_line(head, caller.method, path);
  head += link.fixed_fields;
  const http::HopByHop is_hop_by_hop(caller.fields);
  for (size_t i = 0; i < caller.fields.size(); ++i) {
    const http::Field field = caller.fields[i];
    if (passes(field, is_hop_by_hop, link, options)) http::write_field(head, field.name, field.value);
  }
  if (!options.content_type.empty()) http::write_field(head, "content-type", options.content_type);
  if (options.content_length) http::write_field(head, "content-length", *options.content_length);
  http::end_head(head);
  return head;
}

}  // namespace sluice::gateway
