// Where callers of each dialect put their key, and how it is removed from a request.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "http/message.h"

namespace sluice::api {

// The caller's key: from Authorization: Bearer or another field that some dialect's callers use, the first in the
// dialects' order, else from ?key= in the query (percent-decoded into `decoded`). Empty: none was sent. The view lives
// as long as `fields` and `decoded`.
std::string_view find_credential(const http::Fields& fields, std::string_view query, std::string& decoded);
// What a field's value presents as a key: the token of "Bearer TOKEN" (RFC 6750 2.1), else all of it.
std::string_view presented_key(std::string_view field_value);
// Whether a field carries a credential (and so never reaches a target, a log or a record).
bool is_credential_field(std::string_view name);
// Whether a field chooses whose account at the provider a request is for: it belongs to the key that is sent with it.
bool is_account_field(std::string_view name);
// Whether a caller's key may be in this field. Cookie is not one, as a browser sends it for any page that asks, nor is
// Proxy-Authorization, which is for a proxy.
bool is_key_field(std::string_view name);
// Whether a field is named as one that may hold a secret ("x-litellm-api-key", "ocp-apim-subscription-key",
// "x-auth-token"), of whatever service.
bool is_named_as_secret(std::string_view name);
// `query` without its key= parameters, all else byte for byte. "" if nothing is left.
std::string without_credential(std::string_view query);
// `query` without its unwanted parameters ("name=value", as written there).
using IsUnwanted = std::function<bool(std::string_view parameter)>;
std::string without_parameters(std::string_view query, const IsUnwanted& unwanted);

}  // namespace sluice::api
