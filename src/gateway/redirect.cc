#include "gateway/redirect.h"

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "config/url.h"

namespace sluice::gateway {
namespace {

constexpr size_t max_path_bytes = 8 * 1024;  // of a path that is followed
constexpr size_t max_told_bytes = 200;       // of a path in messages

// Where a Location leads (RFC 3986 4.2).
struct Place {
  config::Url origin;          // without a path
  std::string path_and_query;  // begins with '/'
};

bool is_visible(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

std::string_view without_query(std::string_view path) { return path.substr(0, path.find('?')); }

// Such paths ("/a/../b", "/a/./b") are not followed: normalizing them is not worth it.
bool has_dot_segment(std::string_view path) {
  while (true) {
    const size_t slash = path.find('/');
    const std::string_view segment = path.substr(0, slash);
    if (segment == "." || segment == "..") return true;
    if (slash == std::string_view::npos) return false;
    path.remove_prefix(slash + 1);
  }
}

std::optional<Place> place_of(const config::Url& base, std::string_view asked, std::string_view location) {
  location = location.substr(0, location.find('#'));
  if (location.empty() || location.size() > max_path_bytes || !is_visible(location)) return std::nullopt;
  Place place{base, {}};
  place.origin.path.clear();
  place.origin.demo = false;  // "demo:" has an address in tests only
  const size_t mark = location.find("//");
  const bool has_scheme = location.find(':') < location.find_first_of("/?");
  if (has_scheme || mark == 0) {
    if (mark == std::string_view::npos) return std::nullopt;
    const size_t end = std::min(location.find_first_of("/?", mark + 2), location.size());
    const std::string scheme = mark == 0 ? (base.tls ? "https:" : "http:") : "";
    const Result<config::Url> url = config::parse_url(scheme + std::string(location.substr(0, end)));
    if (!url) return std::nullopt;
    place.origin = *url;
    location.remove_prefix(end);
    place.path_and_query = location.starts_with('/') ? "" : "/";
  } else if (location.front() == '?') {
    place.path_and_query = without_query(asked);
  } else if (location.front() != '/') {
    const std::string_view path = without_query(asked);
    place.path_and_query = path.substr(0, path.rfind('/') + 1);
  }
  place.path_and_query += location;
  if (has_dot_segment(without_query(place.path_and_query))) return std::nullopt;
  return place;
}

bool same_origin(const config::Url& a, const config::Url& b) {
  return a.tls == b.tls && a.host == b.host && a.port == b.port;
}

// The base URL that would have led there directly: the place without the API's part of the path.
std::string base_url_for(const config::Url& base, std::string_view asked, const Place& place) {
  const std::string_view asked_path = without_query(asked);
  std::string_view path = without_query(place.path_and_query);
  if (path == asked_path) {
    path = base.path;
  } else if (asked_path.starts_with(base.path) && path.ends_with(asked_path.substr(base.path.size()))) {
    path.remove_suffix(asked_path.size() - base.path.size());
  }
  return (place.origin.tls ? "https://" : "http://") + place.origin.authority() +
         std::string(cut_to(path, max_told_bytes));
}

}  // namespace

Redirect read_redirect(const config::Url& base, std::string_view asked, int status, std::string_view location) {
  Redirect redirect;
  redirect.what = "answered " + std::to_string(status) + ", which redirects to ";
  const std::optional<Place> place = place_of(base, asked, location);
  if (!place) {
    redirect.what += "an invalid address; base_url must be one that answers without redirecting";
    return redirect;
  }
  const bool keeps_method = status == 307 || status == 308;
  if (keeps_method && same_origin(base, place->origin)) redirect.path = place->path_and_query;
  redirect.what += "another address; put " + base_url_for(base, asked, *place) + " into base_url if that is right";
  return redirect;
}

std::string_view path_of(std::string_view request_head) {
  const size_t begin = request_head.find(' ') + 1;
  return request_head.substr(begin, request_head.find(' ', begin) - begin);
}

void replace_path(std::string& request_head, std::string_view path) {
  const std::string_view old = path_of(request_head);
  request_head.replace(static_cast<size_t>(old.data() - request_head.data()), old.size(), path);
}

}  // namespace sluice::gateway
