#include "api/path_check.h"

#include "api/percent.h"

namespace sluice::api {

std::string shown(std::string_view path) {
  constexpr size_t longest = 200;
  std::string text(path.substr(0, longest));
  if (path.size() > longest) text += "...";
  return text;
}

Result<void> check_name(std::string_view value, bool spans_slashes) {
  std::string decoded;
  append_percent_decoded(decoded, value);
  bool good = spans_slashes || decoded.find('/') == std::string::npos;
  for (const char c : decoded) {
    const auto byte = static_cast<unsigned char>(c);
    good = good && byte >= ' ' && byte != 0x7f && c != '\\' && c != '%' && c != '?' && c != '#';
  }
  for (std::string_view rest = decoded; good;) {
    const size_t slash = rest.find('/');
    const std::string_view segment = rest.substr(0, slash);
    good = !segment.empty() && segment != "." && segment != "..";
    if (slash == std::string_view::npos) break;
    rest.remove_prefix(slash + 1);
  }
  if (good) return {};
  return fail(ErrorCode::bad_request, "the path names '" + shown(value) +
                                          "': empty segments, '.' and '..', control characters, backslashes, '%', '?' "
                                          "and '#' are not allowed in a name, nor an encoded slash in an id");
}

Result<void> check_passing(std::string_view path) {
  for (size_t at = path.find('%'); at != std::string_view::npos; at = path.find('%', at + 1)) {
    std::string decoded;
    append_percent_decoded(decoded, path.substr(at, 3));
    const char c = decoded.front();
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter || std::string_view("-._~/").find(c) != std::string_view::npos) {
      return fail(ErrorCode::bad_request, "the path encodes '" + decoded + "', which may not be percent-encoded");
    }
  }
  return check_name(path.substr(1), true);
}

}  // namespace sluice::api
