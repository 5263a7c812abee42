#include "api/credential.h"

#include "api/percent.h"

namespace sluice::api {
namespace {

using http::same_name;

// The token of "Bearer <token>" (RFC 6750 2.1; the scheme in any case), "" where it is another scheme.
std::string_view bearer_token(std::string_view value) {
  constexpr std::string_view scheme = "bearer";
  if (value.size() <= scheme.size() || !same_name(value.substr(0, scheme.size()), scheme)) return {};
  value.remove_prefix(scheme.size());
  if (value.front() != ' ') return {};
  const size_t begin = value.find_first_not_of(' ');
  return begin == std::string_view::npos ? std::string_view{} : value.substr(begin);
}

// Whether a query parameter ("name=value") is the one Gemini callers put their key in.
bool is_key_parameter(std::string_view parameter) {
  const std::string_view name = parameter.substr(0, parameter.find('='));
  if (name == "key") return true;
  if (name.find('%') == std::string_view::npos) return false;
  std::string decoded;
  append_percent_decoded(decoded, name);
  return decoded == "key";
}

// Calls `visit` with each '&'-separated part of `query`.
template <typename Visit>
void for_each_parameter(std::string_view query, Visit visit) {
  while (true) {
    const size_t end = query.find('&');
    visit(query.substr(0, end));
    if (end == std::string_view::npos) return;
    query.remove_prefix(end + 1);
  }
}

}  // namespace

std::string_view find_credential(const http::Fields& fields, std::string_view query, std::string& decoded) {
  std::string_view authorization, x_api_key, api_key, goog_key;
  for (size_t i = 0; i < fields.size(); ++i) {
    const auto [name, value] = fields[i];
    if (name.size() == 13 && authorization.empty() && same_name(name, "authorization")) {
      authorization = bearer_token(value);
    }
    if (name.size() == 9 && x_api_key.empty() && same_name(name, "x-api-key")) x_api_key = value;
    if (name.size() == 7 && api_key.empty() && same_name(name, "api-key")) api_key = value;
    if (name.size() == 14 && goog_key.empty() && same_name(name, "x-goog-api-key")) goog_key = value;
  }
  for (const std::string_view found : {authorization, x_api_key, api_key, goog_key}) {
    if (!found.empty()) return found;
  }
  if (query.empty()) return {};
  decoded.clear();
  for_each_parameter(query, [&](std::string_view parameter) {
    if (!decoded.empty() || !is_key_parameter(parameter)) return;
    const size_t equals = parameter.find('=');
    if (equals != std::string_view::npos) append_percent_decoded(decoded, parameter.substr(equals + 1));
  });
  return decoded;
}

bool is_credential_field(std::string_view name) {
  switch (name.size()) {
    case 6:
      return same_name(name, "cookie");
    case 19:
      return same_name(name, "proxy-authorization");
    default:
      return is_key_field(name);
  }
}

bool is_key_field(std::string_view name) {
  switch (name.size()) {
    case 7:
      return same_name(name, "api-key");
    case 9:
      return same_name(name, "x-api-key");
    case 13:
      return same_name(name, "authorization");
    case 14:
      return same_name(name, "x-goog-api-key");
    default:
      return false;
  }
}

std::string without_credential(std::string_view query) { return without_parameters(query, is_key_parameter); }

std::string without_parameters(std::string_view query, const IsUnwanted& unwanted) {
  std::string rest;
  if (query.empty()) return rest;
  bool first = true;
  for_each_parameter(query, [&](std::string_view parameter) {
    if (unwanted(parameter)) return;
    if (!first) rest += '&';
    rest += parameter;
    first = false;
  });
  return rest;
}

}  // namespace sluice::api
