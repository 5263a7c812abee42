#include "bench/target.h"

#include <utility>

namespace sluice::bench {
namespace {

// Whether a path segment is like "v1", "v4" or "v1beta".
bool names_version(std::string_view path) {
  for (size_t at = path.find("/v"); at != std::string_view::npos; at = path.find("/v", at + 1)) {
    if (at + 2 < path.size() && path[at + 2] >= '0' && path[at + 2] <= '9') return true;
  }
  return false;
}

}  // namespace

std::string BenchTarget::url_of(std::string_view path) const {
  return (url.tls ? "https://" : "http://") + url.authority() + std::string(path);
}

Result<BenchTarget> target_from(std::string_view text) {
  if (text.find('@') != std::string_view::npos) {
    return fail(ErrorCode::config,
                "a user or password in the URL is not supported; set the key in an environment variable");
  }
  Result<config::Url> url = config::parse_url(text);
  if (!url) return tl::unexpected<Error>(url.error());
  if (url->demo) return fail(ErrorCode::config, "it does not begin with http:// or https://");
  std::string path = url->path;
  for (const std::string_view whole : {"/chat/completions", "/messages"}) {
    if (path.ends_with(whole)) path.resize(path.size() - whole.size());
  }
  if (!names_version(path)) path += "/v1";
  return BenchTarget{std::move(*url), std::move(path)};
}

}  // namespace sluice::bench
