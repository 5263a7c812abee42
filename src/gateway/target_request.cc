#include "gateway/target_request.h"

#include <array>

#include "api/credential.h"
#include "http/writer.h"

namespace sluice::gateway {
namespace {

// End-to-end fields that all the same end here.
bool stays_here(std::string_view name) {
  constexpr std::array<std::string_view, 10> names = {"host",
                                                      "content-length",
                                                      "accept-encoding",
                                                      "expect",
                                                      "forwarded",
                                                      "x-real-ip",
                                                      "x-forwarded-for",
                                                      "x-forwarded-host",
                                                      "x-forwarded-proto",
                                                      "x-forwarded-port"};
  for (const std::string_view one : names) {
    if (http::same_name(one, name)) return true;
  }
  return false;
}

bool passes(std::string_view name, const http::HopByHop& is_hop_by_hop, const ProviderLink& link,
            const TargetRequestOptions& options) {
  if (stays_here(name) || is_hop_by_hop(name)) return false;
  if (api::is_credential_field(name)) {
    return link.provider.caller_key && !http::same_name(name, options.own_key_field);
  }
  if (options.body_inflated && http::same_name(name, "content-encoding")) return false;
  return !link.sets(name);
}

}  // namespace

std::string write_target_head(const http::RequestHead& caller, const api::Match& match, const routing::Target& target,
                              const ProviderLink& link, const TargetRequestOptions& options, std::string& scratch) {
  std::string& path = scratch;
  path = link.provider.path_for(match.endpoint->dialect);
  api::append_target_path(path, match, caller.path(), target.model);
  const std::string_view caller_query = caller.query();
  if (!caller_query.empty()) {
    const bool whole = link.provider.caller_key && !options.own_key_in_query;
    const std::string query = whole ? std::string(caller_query) : api::without_credential(caller_query);
    if (!query.empty()) (path += '?') += query;
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
    if (passes(field.name, is_hop_by_hop, link, options)) http::write_field(head, field.name, field.value);
  }
  if (options.content_length) http::write_field(head, "content-length", *options.content_length);
  http::end_head(head);
  return head;
}

}  // namespace sluice::gateway
