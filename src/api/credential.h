// Where callers of each dialect put their key, and how a request is rid of it.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "http/message.h"

namespace sluice::api {

// The caller's key: Authorization: Bearer or another field that some dialect's callers have it in, the first that is
// one in the dialects' order, or ?key= in the query (percent-decoded into `decoded`). Empty: none was sent. The view
// lives as long as `fields` and `decoded`.
std::string_view find_credential(const http::Fields& fields, std::string_view query, std::string& decoded);
// Whether a field carries a credential (and so never reaches a target, a log or a record).
bool is_credential_field(std::string_view name);
// Whether it is one of those that a caller's key comes in. A cookie is not, as a browser sends it for any page that
// asks, nor is Proxy-Authorization, which is for a proxy.
bool is_key_field(std::string_view name);
// `query` without its key= parameters, all else byte for byte. "" if nothing is left.
std::string without_credential(std::string_view query);
// `query` without those of its parts ("name=value", as they stand there) that are unwanted.
using IsUnwanted = std::function<bool(std::string_view parameter)>;
std::string without_parameters(std::string_view query, const IsUnwanted& unwanted);

}  // namespace sluice::api
