#include "api/array_elements.h"

namespace sluice::api {

size_t ArrayElements::next_end(std::string_view bytes, size_t at) {
  for (; at < bytes.size(); ++at) {
    const char c = bytes[at];
    if (escaped_) {
      escaped_ = false;
    } else if (in_string_) {
      escaped_ = c == '\\';
      in_string_ = c != '"';
    } else if (c == '"') {
      in_string_ = true;
    } else if (c == '{' || c == '[') {
      ++depth_;
    } else if ((c == '}' || c == ']') && depth_ != 0 && --depth_ == 1) {
      return at + 1;
    }
  }
  return std::string_view::npos;
}

}  // namespace sluice::api
