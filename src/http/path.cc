#include "http/path.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "http/characters.h"

namespace sluice::http {
namespace {

bool says_version_twice(std::string_view target) {
  constexpr std::string_view twice = "/v1/v1", beta_twice = "/v1beta/v1beta";
  if (target.size() < twice.size() || target[1] != 'v') return false;
  if (target[4] != 'v' && (target.size() < beta_twice.size() || target[8] != 'v')) return false;
  return target.starts_with(twice) || target.starts_with(beta_twice);
}

// Nearly all paths are normal already.
bool is_normal(std::string_view target) {
  for (size_t at = 0; at < target.size(); ++at) {
    const char c = target[at];
    if (c > '?') continue;  // mostly letters
    if (c == '?') break;
    if (c == '%') return false;
    if (c != '/') continue;
    const char next = at + 1 < target.size() ? target[at + 1] : '?';
    if (next == '/' || next == '.' || (next == '?' && at > 0)) return false;
  }
  return !says_version_twice(target);
}

[[gnu::cold]] std::string with_single_slashes(std::string_view path) {
  std::string merged;
  for (const char c : path) {
    if (c != '/' || !merged.ends_with('/')) merged += c;
  }
  if (merged.size() > 1 && merged.ends_with('/')) merged.pop_back();
  return merged;
}

[[gnu::cold]] void drop_repeated_version(std::string& path) {
  struct Repeated {
    std::string_view start;
    size_t dropped;
  };
  constexpr std::array<Repeated, 3> all = {{{"/v1/v1/", 3}, {"/v1/v1beta/", 3}, {"/v1beta/v1beta/", 7}}};
  for (size_t i = 0; i < all.size();) {
    if (path.starts_with(all[i].start)) {
      path.erase(0, all[i].dropped);
      i = 0;
    } else {
      ++i;
    }
  }
}

// What another parser may see: percent-encoding decoded, a backslash read as a slash.
[[gnu::cold]] Result<std::string> decoded(std::string_view path) {
  std::string text;
  for (size_t i = 0; i < path.size(); ++i) {
    if (path[i] != '%') {
      text += path[i];
      continue;
    }
    const int high = i + 2 < path.size() ? hex_value(path[i + 1]) : -1;
    const int low = high < 0 ? -1 : hex_value(path[i + 2]);
    if (low < 0) return fail(ErrorCode::bad_request, "a '%' in the path that encodes nothing");
    const int c = 16 * high + low;
    if (c < ' ' || c == 0x7f) return fail(ErrorCode::bad_request, "an encoded control character in the path");
    text += c == '\\' ? '/' : static_cast<char>(c);
    i += 2;
  }
  return text;
}

[[gnu::cold]] Result<void> refuse_dots(std::string_view path) {
  const Result<std::string> text = decoded(path);
  if (!text) return tl::unexpected<Error>(text.error());
  for (std::string_view rest = *text; !rest.empty();) {
    const size_t slash = std::min(rest.find('/'), rest.size());
    const std::string_view segment = rest.substr(0, slash);
    if (segment == "." || segment == "..") return fail(ErrorCode::bad_request, "a '.' or '..' segment in the path");
    rest.remove_prefix(std::min(slash + 1, rest.size()));
  }
  return {};
}

}  // namespace

Result<void> normalize_path(std::string& target) {
  if (!target.starts_with('/')) return {};
  if (is_normal(target)) return {};
  const size_t end = std::min(target.find('?'), target.size());
  std::string path = with_single_slashes(std::string_view(target).substr(0, end));
  drop_repeated_version(path);
  if (Result<void> fine = refuse_dots(path); !fine) return fine;
  target.replace(0, end, path);
  return {};
}

}  // namespace sluice::http
