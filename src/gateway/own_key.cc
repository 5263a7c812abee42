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

// Each word is hashed; what has more than these is a text, not credentials.
constexpr int max_words = 16;
constexpr std::string_view separators = " \t,;=\"'";

bool any_word_known(const policy::CallerKeys& keys, std::string_view text) {
  for (int words = 0; words < max_words; ++words) {
    const size_t begin = text.find_first_not_of(separators);
    if (begin == std::string_view::npos) return false;
    text.remove_prefix(begin);
    const size_t end = text.find_first_of(separators);
    if (known(keys, text.substr(0, end))) return true;
    if (end == std::string_view::npos) return false;
    text.remove_prefix(end);
  }
  return false;
}

}  // namespace

bool is_own_key(const policy::CallerKeys& keys, std::string_view field_value) {
  if (known(keys, field_value)) return true;
  const size_t end = field_value.find_first_of(separators);
  if (end == std::string_view::npos) return false;
  const std::string_view credential = trim(field_value.substr(end));
  if (known(keys, credential)) return true;  // also one that holds separators
  if (http::same_name(field_value.substr(0, end), "basic")) return in_basic(keys, credential);
  return any_word_known(keys, field_value);
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
    if (decoded.find('+') != std::string::npos) {
      for (char& c : decoded) c = c == '+' ? ' ' : c;  // as in forms
      if (is_own_key(keys, decoded)) return true;
    }
    if (end == std::string_view::npos) return false;
    parameter.remove_prefix(end + 1);
  }
}

}  // namespace sluice::gateway
