#include "bench/failure.h"

#include <algorithm>

#include "api/json_unescape.h"
#include "base/json_writer.h"

namespace sluice::bench {
namespace {

constexpr size_t shortest_secret_bytes = 4;  // masking shorter ones would hide half of any text

size_t skip_spaces(std::string_view text, size_t at) {
  at = text.find_first_not_of(" \t\r\n", at);
  return at == std::string_view::npos ? text.size() : at;
}

// The string value of the first member `key` (given with its quotes) that has one; "" if there is none.
std::string member_text(std::string_view body, std::string_view key) {
  for (size_t found = body.find(key); found != std::string_view::npos; found = body.find(key, found + 1)) {
    size_t at = skip_spaces(body, found + key.size());
    if (at == body.size() || body[at] != ':') continue;
    at = skip_spaces(body, at + 1);
    if (at == body.size() || body[at] != '"') continue;
    const size_t begin = ++at;
    while (at < body.size() && body[at] != '"') at += body[at] == '\\' ? 2 : 1;
    std::string text;
    api::append_json_unescaped(text, body.substr(begin, std::min(at, body.size()) - begin));
    return text;
  }
  return {};
}

// How many bytes at the start of `text` are `secret`, spelled plainly or with JSON escapes, or its beginning if the
// text ends within it. 0: none.
size_t secret_bytes(std::string_view text, std::string_view secret) {
  size_t at = 0, matched = 0;
  for (; matched < secret.size() && at < text.size(); ++matched) {
    size_t bytes = 1;
    char c = text[at];
    if (c == '\\' && at + 1 < text.size() && text[at + 1] != 'u') {
      bytes = 2;
      c = text[at + 1];
    } else if (c == '\\') {
      std::string one;
      bytes = std::min<size_t>(6, text.size() - at);
      if (bytes < 6) return matched >= shortest_secret_bytes ? text.size() : 0;
      if (!api::append_json_unescaped(one, text.substr(at, 6)) || one.size() != 1) return 0;
      c = one[0];
    }
    if (c != secret[matched]) return 0;
    at += bytes;
  }
  return matched >= shortest_secret_bytes ? at : 0;
}

// How many bytes at the start of `text` must not be shown: a control character, or invalid UTF-8.
size_t unshown_bytes(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const size_t bytes = utf8_sequence_bytes(text);
  if (bytes == 0 || first < ' ' || first == 0x7f) return 1;
  const bool c1 = first == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0;
  return c1 ? bytes : 0;
}

}  // namespace

CallFailure failure_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::target_unresolved:
      return {"unknown host", error.message};
    case ErrorCode::target_refused:
      return {"no connection", error.message};
    case ErrorCode::target_tls:
      return {"TLS failed", error.message};
    case ErrorCode::target_cut:
      return {"cut short", error.message};
    case ErrorCode::target_timeout:
      return {"timeout", error.message};
    case ErrorCode::target_broke:
      return {"broke", error.message};
    default:
      return {"failed here", error.message};
  }
}

std::string error_text(std::string_view body) {
  std::string text = member_text(body, "\"message\"");
  if (text.empty()) text = member_text(body, "\"error\"");
  return text.empty() ? std::string(body) : text;
}

std::string shown(std::string_view text, std::string_view secret, size_t max_bytes) {
  constexpr std::string_view mark = "...";
  const bool masks = secret.size() >= shortest_secret_bytes;
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    if (out.size() > max_bytes) break;
    if (const size_t hidden = masks ? secret_bytes(rest, secret) : 0; hidden != 0) {
      out += "***";
      at += hidden;
    } else if (const size_t bytes = unshown_bytes(rest); bytes != 0) {
      if (!out.empty() && out.back() != ' ') out += ' ';
      at += bytes;
    } else {
      const size_t character = utf8_sequence_bytes(rest);
      out += rest.substr(0, character);
      at += character;
    }
  }
  if (out.size() <= max_bytes) return out;
  size_t end = max_bytes - mark.size();
  while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xc0) == 0x80) --end;
  out.resize(end);
  return out += mark;
}

void Failures::add(const CallFailure& failure) {
  ++count_;
  auto found = std::find_if(groups_.begin(), groups_.end(), [&](const Group& g) { return g.reason == failure.reason; });
  if (found == groups_.end() && groups_.size() == max_groups) {
    found = groups_.end() - 1;
    found->reason = "other";
  } else if (found == groups_.end()) {
    found = groups_.insert(groups_.end(), {failure.reason, shown(failure.message, secret_, message_bytes), 0});
  }
  ++found->count;
}

}  // namespace sluice::bench
