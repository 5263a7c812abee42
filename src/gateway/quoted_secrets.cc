#include "gateway/quoted_secrets.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/text.h"
#include "config/secret.h"
#include "observe/log.h"
#include "observe/secret_mask.h"

namespace sluice::gateway {
namespace {

// A shorter header value may be an ordinary word that also occurs elsewhere.
constexpr size_t least_value_bytes = 16;

template <typename Visit>
void for_each_secret(const config::Provider& provider, Visit visit) {
  for (size_t i = 0; i < provider.key_count(); ++i) {
    const std::string_view key = provider.key_at(i);
    if (key.size() >= observe::SecretMask::least_bytes) visit(key);
  }
  for (const auto& [name, value] : provider.headers) {
    if (value.size() < least_value_bytes) continue;
    visit(std::string_view(value));
    const std::string_view bare = config::without_scheme(value);
    if (bare.size() >= least_value_bytes && bare.size() < value.size()) visit(bare);
  }
}

enum class Fit : unsigned char { no, cut, yes };

// `any_case`: upper and lower case are equal.
Fit begins_with(std::string_view text, std::string_view spelling, bool any_case) {
  const size_t bytes = std::min(text.size(), spelling.size());
  for (size_t i = 0; i < bytes; ++i) {
    if (text[i] != spelling[i] && !(any_case && to_lower(text[i]) == to_lower(spelling[i]))) return Fit::no;
  }
  return bytes == spelling.size() ? Fit::yes : Fit::cut;
}

// Whether `text` begins with `c` in any spelling: as itself, "\c" and "\u0063" (JSON), "%63" (a URL), "&#99;" and
// "&#x63;" (HTML). `bytes`: length of the spelling.
Fit begins_with_character(std::string_view text, char c, size_t& bytes) {
  bytes = 1;
  if (text.empty()) return Fit::cut;
  if (text.front() == c) return Fit::yes;
  constexpr std::string_view marks = "\\%&";
  if (marks.find(text.front()) == marks.npos) return Fit::no;
  const auto code = static_cast<unsigned char>(c);
  const std::string digits = hex(std::span(&code, 1));
  Fit best = Fit::no;
  const auto try_one = [&](const std::string& spelling, bool any_case) {
    const Fit match = begins_with(text, spelling, any_case);
    if (match <= best) return;
    best = match;
    bytes = spelling.size();
  };
  try_one({'\\', c}, false);
  try_one("\\u00" + digits, true);
  try_one("%" + digits, true);
  try_one("&#x" + digits + ";", true);
  try_one("&#" + std::to_string(code) + ";", false);
  return best;
}

// `bytes`: length of the secret as it is spelled in `text`.
Fit begins_with_secret(std::string_view text, std::string_view secret, size_t& bytes) {
  bytes = 0;
  for (const char c : secret) {
    size_t character_bytes = 0;
    const Fit match = begins_with_character(text.substr(bytes), c, character_bytes);
    if (match != Fit::yes) return match;
    bytes += character_bytes;
  }
  return Fit::yes;
}

}  // namespace

size_t shortest_secret(const config::Provider& provider) {
  size_t shortest = SIZE_MAX;
  for_each_secret(provider, [&](std::string_view secret) { shortest = std::min(shortest, secret.size()); });
  return shortest;
}

QuotedSecrets::QuotedSecrets(const config::Provider& provider) {
  for_each_secret(provider, [this](std::string_view secret) { secrets_.push_back(secret); });
}

QuotedSecrets::Found QuotedSecrets::find(std::string_view text, size_t at, bool is_last) const {
  for (; at < text.size(); ++at) {
    Found found{at, 0, false};
    for (const std::string_view secret : secrets_) {
      size_t bytes = 0;
      const Fit match = begins_with_secret(text.substr(at), secret, bytes);
      if (match == Fit::yes) found.bytes = std::max(found.bytes, bytes);
      if (match == Fit::cut && !is_last) found.cut = true;
    }
    if (found.bytes > 0 || found.cut) return found;
  }
  return {at, 0, false};
}

std::string QuotedSecrets::masked(std::string_view text) const {
  std::string result;
  for (size_t at = 0; at < text.size();) {
    const Found found = find(text, at, true);
    result += text.substr(at, found.at - at);
    if (found.bytes > 0) result += "***";
    at = found.at + found.bytes;
  }
  return result;
}

std::string QuotedSecrets::pass(std::string_view piece, bool is_last) {
  std::string text = std::exchange(kept_, {});
  text += piece;
  std::string result;
  for (size_t at = 0; at < text.size();) {
    const Found found = find(text, at, is_last);
    result.append(text, at, found.at - at);
    if (found.cut) {
      kept_ = text.substr(found.at);
      break;
    }
    result.append(found.bytes, '*');
    at = found.at + found.bytes;
  }
  return result;
}

Error without_secrets(const observe::Log& log, const config::Provider* provider, const Error& error) {
  if (fault_of(error.code) == Fault::caller) return error;
  const std::string masked = log.masked(error.message);
  return {error.code, provider != nullptr ? QuotedSecrets(*provider).masked(masked) : masked};
}

}  // namespace sluice::gateway
