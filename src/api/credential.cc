#include "api/credential.h"

#include <algorithm>
#include <array>
#include <span>

#include "api/dialect.h"
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

// Header fields of one purpose, of all dialects, and their lengths: most other fields differ in length.
struct FieldNames {
  std::array<std::string_view, 2 * dialect_names.size()> names;
  size_t count = 0;
  uint64_t lengths = 0;  // a bit for each

  bool contains(std::string_view name) const {
    return name.size() < 64 && (lengths >> name.size() & 1) != 0 && find(name) != count;
  }
  size_t find(std::string_view name) const {
    size_t i = 0;
    while (i < count && !same_name(names[i], name)) ++i;
    return i;
  }
};

FieldNames all_fields(std::span<const std::string_view> DialectRoom::*of_room) {
  FieldNames all;
  for (const DialectRoom* const room : rooms()) {
    for (const std::string_view name : room->*of_room) {
      if (all.contains(name) || all.count == all.names.size()) continue;
      all.names[all.count++] = name;
      all.lengths |= uint64_t{1} << name.size();
    }
  }
  return all;
}

// Made of constants, so the order of initialisation does not matter.
const FieldNames key_fields = all_fields(&DialectRoom::key_fields);
const FieldNames account_fields = all_fields(&DialectRoom::account_fields);

// Whether a query parameter ("name=value") is one that callers put their key in.
bool is_key_parameter(std::string_view parameter) {
  const std::string_view name = parameter.substr(0, parameter.find('='));
  const auto is_key = [](std::string_view spelled) {
    return !spelled.empty() && std::any_of(rooms().begin(), rooms().end(), [spelled](const DialectRoom* room) {
      return room->key_parameter == spelled;
    });
  };
  if (name.find('%') == std::string_view::npos) return is_key(name);
  std::string decoded;
  append_percent_decoded(decoded, name);
  return is_key(decoded);
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
  decltype(key_fields.names) found;
  for (size_t i = 0; i < fields.size(); ++i) {
    const auto [name, value] = fields[i];
    if (!key_fields.contains(name)) continue;
    const size_t key = key_fields.find(name);
    if (!found[key].empty()) continue;
    found[key] = same_name(name, "authorization") ? bearer_token(value) : value;
  }
  for (const std::string_view key : found) {
    if (!key.empty()) return key;
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

std::string_view presented_key(std::string_view field_value) {
  const std::string_view token = bearer_token(field_value);
  return token.empty() ? field_value : token;
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

bool is_account_field(std::string_view name) { return account_fields.contains(name); }

bool is_key_field(std::string_view name) { return key_fields.contains(name); }

bool is_named_as_secret(std::string_view name) {
  const auto ends_in = [name](std::string_view end) {
    return name.size() >= end.size() && same_name(name.substr(name.size() - end.size()), end);
  };
  if (name.empty()) return false;
  switch (name.back() | 0x20) {
    case 'y':
      return ends_in("key");
    case 'n':
      return ends_in("token") || ends_in("authorization");
    case 'h':
      return ends_in("auth");
    case 'd':
      return ends_in("password");
    case 's':
      return ends_in("credentials");
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
