#include "gateway/upload_ticket.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"
#include "policy/caller_keys.h"

namespace sluice::gateway {
namespace {

constexpr int64_t good_for_s = 24 * 3600;
constexpr size_t mac_bytes = 16;

// Keyed by the digest of the secret in use. The hash is truncated, which prevents length extension.
std::string mac_of(const config::CallerKey& key, uint32_t secret, std::string_view said) {
  const std::string& clear = secret == 0 ? key.key : key.older[secret - 1].key;
  const policy::Digest digest = !clear.empty() ? policy::sha256(clear)
                                : secret == 0  ? key.sha256
                                               : key.older[secret - 1].sha256;
  const policy::Digest mac = policy::sha256(hex(digest).append(key.name).append(said));
  return hex(std::span(mac).first(mac_bytes));
}

// "KEY.SECRET.EXPIRY": indices in the configuration, and Unix seconds.
std::string said(size_t key, uint32_t secret, int64_t expires_unix_s) {
  return std::to_string(key) + '.' + std::to_string(secret) + '.' + std::to_string(expires_unix_s);
}

bool read(std::string_view& text, uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end == text.data() + text.size() || *end != '.') return false;
  text.remove_prefix(static_cast<size_t>(end - text.data()) + 1);
  return true;
}

}  // namespace

std::string with_ticket(std::string target, const config::Config& config, const Admitted& admitted,
                        int64_t now_unix_s) {
  if (admitted.key == nullptr) return target;
  const auto number = static_cast<size_t>(admitted.key - config.keys.data());
  const std::string begin = said(number, admitted.secret, now_unix_s + good_for_s);
  const std::string mac = mac_of(*admitted.key, admitted.secret, begin + target);
  target += target.find('?') == std::string::npos ? '?' : '&';
  return target.append(ticket_name).append("=").append(begin).append(".").append(mac);
}

std::optional<Admitted> admit_by_ticket(const config::Config& config, const http::RequestHead& head,
                                        int64_t now_unix_s) {
  if (head.method != http::Method::post && head.method != http::Method::put) return std::nullopt;
  const std::string_view target = head.target;
  const size_t at = target.rfind(ticket_name);
  if (at == std::string_view::npos || at == 0 || target.substr(at + ticket_name.size(), 1) != "=") return std::nullopt;
  std::string_view rest = target.substr(at + ticket_name.size() + 1);
  uint64_t key = 0, secret = 0, expires_unix_s = 0;
  if (!read(rest, key) || !read(rest, secret) || !read(rest, expires_unix_s)) return std::nullopt;
  if (key >= config.keys.size() || secret > config.keys[key].older.size()) return std::nullopt;
  const config::CallerKey& caller = config.keys[key];
  const Admitted admitted{&caller, static_cast<uint32_t>(secret)};
  const auto expires = static_cast<int64_t>(expires_unix_s);
  const int64_t ends = secret == 0 ? caller.expires_unix_s : caller.older[secret - 1].expires_unix_s;
  if (now_unix_s > expires || expires > now_unix_s + good_for_s || (ends != 0 && now_unix_s > ends))
    return std::nullopt;
  const std::string wanted =
      mac_of(caller, admitted.secret, said(key, admitted.secret, expires).append(target.substr(0, at - 1)));
  if (wanted.size() != rest.size() || !policy::same_bytes(wanted, rest)) return std::nullopt;
  return admitted;
}

}  // namespace sluice::gateway
