#include "gateway/own_key.h"

#include <optional>
#include <string>

#include "api/percent.h"
#include "base/base64.h"
#include "base/text.h"
#include "http/message.h"

namespace sluice::gateway {
namespace {

bool known(const policy::CallerKeys& keys, std::string_view text) { return keys.find(text) != nullptr; }

bool in_basic(const policy::CallerKeys& keys, std::string_view encoded) {
  const std::optional<std::string> pair = base64_decoded(encoded);
  if (!pair) return false;
  const std::string_view text = *pair;
  const size_t colon = text.find(':');  // the first one: a user name has none (RFC 7617 2)
  if (colon == std::string_view::npos) return known(keys, text);
  return known(keys, text.substr(0, colon)) || known(keys, text.substr(colon + 1));
}

}  // namespace

bool is_own_key(const policy::CallerKeys& keys, std::string_view field_value) {
  if (known(keys, field_value)) return true;
  const size_t blank = field_value.find_first_of(" \t");
  if (blank == std::string_view::npos) return false;
  const std::string_view credential = trim(field_value.substr(blank));
  if (known(keys, credential)) return true;
  return http::same_name(field_value.substr(0, blank), "basic") && in_basic(keys, credential);
}

bool has_own_key(const policy::CallerKeys& keys, std::string_view parameter) {
  std::string decoded;
  while (true) {  // some programs accept ';' as '&'
    const size_t end = parameter.find(';');
    std::string_view part = parameter.substr(0, end);
    if (const size_t equals = part.find('='); equals != std::string_view::npos) part.remove_prefix(equals + 1);
    decoded.clear();
    api::append_percent_decoded(decoded, part);
    if (is_own_key(keys, decoded)) return true;
    for (char& c : decoded) c = c == '+' ? ' ' : c;  // as in forms
    if (is_own_key(keys, decoded)) return true;
    if (end == std::string_view::npos) return false;
    parameter.remove_prefix(end + 1);
  }
}

}  // namespace sluice::gateway
