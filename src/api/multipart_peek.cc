#include "api/request_peek.h"
#include "http/message.h"

namespace sluice::api {
namespace {

constexpr size_t longest_boundary = 70;  // RFC 2046 5.1.1
constexpr size_t longest_part_head = 8 * 1024;
constexpr size_t longest_model = 1024;
constexpr size_t longest_preamble = 4 * 1024;

tl::unexpected<Error> refuse(std::string what) { return fail(ErrorCode::bad_request, std::move(what)); }

std::string_view without_space(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// The value of a field's parameter ("; name=value" or "; name=\"value\"", RFC 9110 5.6.6), unquoted. False where there
// is none.
bool find_parameter(std::string_view field, std::string_view name, std::string& value) {
  size_t at = field.find(';');
  while (at != std::string_view::npos && at < field.size()) {
    ++at;
    const size_t equals = field.find_first_of("=;", at);
    if (equals == std::string_view::npos) return false;
    if (field[equals] == ';') {
      at = equals;
      continue;
    }
    const std::string_view found = without_space(field.substr(at, equals - at));
    value.clear();
    at = field.find_first_not_of(" \t", equals + 1);
    if (at != std::string_view::npos && field[at] == '"') {
      for (++at; at < field.size() && field[at] != '"'; ++at) {
        // Browsers and curl write a quote inside as %22 or \"; a lone backslash is a Windows path's.
        if (field[at] == '\\' && at + 1 < field.size() && (field[at + 1] == '"' || field[at + 1] == '\\')) ++at;
        value += field[at];
      }
      if (at >= field.size()) return false;
      at = field.find(';', at);
    } else {
      const size_t begin = std::min(at, field.size());
      at = field.find(';', begin);
      value = without_space(field.substr(begin, at - begin));
    }
    if (http::same_name(found, name)) return true;
  }
  return false;
}

bool is_boundary_character(char c) {
  if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return true;
  return std::string_view("'()+_,-./:=? ").find(c) != std::string_view::npos;
}

// Whether a part's head names the field `model` and is no file.
bool is_model_head(std::string_view head) {
  while (!head.empty()) {
    const size_t end = head.find("\r\n");
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(end == std::string_view::npos ? head.size() : end + 2);
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos || !http::same_name(line.substr(0, colon), "content-disposition")) continue;
    std::string name;
    return find_parameter(line.substr(colon + 1), "name", name) && name == "model";
  }
  return false;
}

}  // namespace

Result<MultipartPeeker> MultipartPeeker::create(std::string_view content_type) {
  constexpr std::string_view type = "multipart/form-data";
  const std::string_view given = without_space(content_type.substr(0, content_type.find(';')));
  if (!http::same_name(given, type)) return refuse("content-type must be multipart/form-data");
  MultipartPeeker peeker;
  std::string boundary;
  if (!find_parameter(content_type, "boundary", boundary)) return refuse("the content-type has no boundary");
  if (boundary.empty() || boundary.size() > longest_boundary) {
    return refuse("the boundary must have 1 to 70 characters");
  }
  for (const char c : boundary) {
    if (!is_boundary_character(c)) return refuse("the boundary holds a character that may not stand there");
  }
  peeker.boundary_ = "\r\n--" + boundary;
  return peeker;
}

Result<void> MultipartPeeker::advance(std::string_view body) {
  while (!found_ && !done_) {
    const size_t before = position_;
    const Stage stage = stage_;
    Result<void> step = stage == Stage::delimiter   ? find_delimiter(body)
                        : stage == Stage::after     ? read_delimiter_end(body)
                        : stage == Stage::part_head ? read_part_head(body)
                                                    : read_model(body);
    if (!step) return step;
    if (position_ == before && stage_ == stage) break;  // more bytes are needed
  }
  return {};
}

// Looks for the next "CRLF--boundary"; the first one may stand at the very start, without its CRLF.
Result<void> MultipartPeeker::find_delimiter(std::string_view body) {
  const std::string_view opening = std::string_view(boundary_).substr(2);
  if (!began_) {
    const std::string_view start = body.substr(0, opening.size());
    if (start.size() < opening.size() && opening.starts_with(start)) return {};
    if (start == opening) {
      began_ = true;
      position_ = opening.size();
      stage_ = Stage::after;
      return {};
    }
  }
  const size_t at = body.find(boundary_, scanned_);
  if (at == std::string_view::npos) {
    if (body.size() >= boundary_.size()) scanned_ = std::max(scanned_, body.size() - boundary_.size() + 1);
    if (!began_ && scanned_ > longest_preamble) {
      return refuse("the body does not begin with the boundary of its content-type");
    }
    return {};
  }
  began_ = true;
  position_ = at + boundary_.size();
  stage_ = Stage::after;
  return {};
}

// Behind a boundary: "--" ends the body, a line break (after any white space) begins a part, all else is data that only
// looks alike.
Result<void> MultipartPeeker::read_delimiter_end(std::string_view body) {
  const std::string_view rest = body.substr(position_);
  if (rest.size() < 2) return {};
  if (rest.starts_with("--")) {
    done_ = true;
    return {};
  }
  const size_t text = rest.find_first_not_of(" \t");
  if (text == std::string_view::npos || (rest[text] == '\r' && text + 1 == rest.size())) {
    return rest.size() > longest_part_head ? refuse("a boundary line is too long") : Result<void>{};
  }
  if (rest.substr(text, 2) != "\r\n") {
    scanned_ = position_;
    stage_ = Stage::delimiter;
    return {};
  }
  position_ += text;  // the line break stays: an empty head is then "\r\n\r\n" like any other
  scanned_ = position_;
  stage_ = Stage::part_head;
  return {};
}

Result<void> MultipartPeeker::read_part_head(std::string_view body) {
  const size_t end = body.find("\r\n\r\n", scanned_);
  const size_t size = (end == std::string_view::npos ? body.size() : end) - position_;
  if (size > longest_part_head) return refuse("the head of a part is longer than 8 KiB");
  if (end == std::string_view::npos) {
    if (body.size() > scanned_ + 3) scanned_ = body.size() - 3;
    return {};
  }
  const std::string_view head = body.substr(position_, end - position_);
  const bool is_model = is_model_head(head.substr(std::min<size_t>(2, head.size())));
  position_ = end + 4;
  scanned_ = end + 2;  // an empty part: its head's last line break is the boundary's first
  stage_ = is_model ? Stage::model : Stage::delimiter;
  return {};
}

Result<void> MultipartPeeker::read_model(std::string_view body) {
  const size_t end = body.find(boundary_, scanned_);
  const size_t size = std::max(end == std::string_view::npos ? body.size() : end, position_) - position_;
  if (size > longest_model + (end == std::string_view::npos ? boundary_.size() : 0)) {
    return refuse("the value of `model` is longer than 1 KiB");
  }
  if (end == std::string_view::npos) {
    if (body.size() >= scanned_ + boundary_.size()) scanned_ = body.size() - boundary_.size() + 1;
    return {};
  }
  model_at_ = position_;
  model_ = body.substr(position_, size);
  found_ = true;
  return {};
}

}  // namespace sluice::api
