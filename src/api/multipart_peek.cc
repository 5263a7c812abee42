#include "api/multipart_peek.h"

#include <algorithm>
#include <array>

#include "api/key_spelling.h"
#include "api/media_type.h"
#include "api/percent.h"
#include "api/request_peek.h"
#include "base/text.h"
#include "http/message.h"

namespace sluice::api {
namespace {

using http::same_name;

constexpr size_t max_boundary = 70;  // RFC 2046 5.1.1
constexpr size_t max_part_head = 8 * 1024;
constexpr size_t max_preamble = 4 * 1024;

tl::unexpected<Error> wrong_form(std::string what) { return fail(ErrorCode::bad_request, std::move(what)); }

bool is_token_character(char c) {
  if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return true;
  return std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_boundary_character(char c, bool quoted) {
  return is_token_character(c) || std::string_view(quoted ? "(), /:=?" : "/:=?").find(c) != std::string_view::npos;
}

// The fields of a part's head that matter.
struct PartHead {
  std::string_view disposition, type, transfer_encoding;
};

// The only parameter of that name; nullptr where there is none or several, or one in RFC 8187's form ("name*").
const FieldParameter* only(const ParameterizedField& field, std::string_view name) {
  const FieldParameter* found = nullptr;
  for (const FieldParameter& one : field.parameters) {
    const bool longer = one.name.size() > name.size() && one.name[name.size()] == '*';
    if (!same_name(one.name.substr(0, name.size()), name) || (!longer && one.name.size() != name.size())) continue;
    if (longer || found != nullptr) return nullptr;
    found = &one;
  }
  return found;
}

// Whether some parser may take a field of that name for `model`.
bool is_like_model(std::string_view name) {
  const auto same = [](std::string_view text) { return lenient_key(text.substr(0, text.find('['))) == "model"; };
  std::string other;
  append_percent_decoded(other, name);
  if (same(name) || same(other) || name.starts_with("=?")) return true;
  std::erase(other, '\\');
  return same(other);
}

Result<PartHead> read_fields(std::string_view head) {
  PartHead found;
  while (!head.empty()) {
    const size_t end = head.find("\r\n");
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(end == std::string_view::npos ? head.size() : end + 2);
    const std::string_view name = line.substr(0, line.find(':'));
    if (name.empty() || name.size() == line.size() || !std::all_of(name.begin(), name.end(), is_token_character) ||
        line.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) {
      return wrong_form("a line in the head of a part is not a header field");
    }
    std::string_view* const place = same_name(name, "content-disposition")         ? &found.disposition
                                    : same_name(name, "content-type")              ? &found.type
                                    : same_name(name, "content-transfer-encoding") ? &found.transfer_encoding
                                                                                   : nullptr;
    if (place == nullptr) continue;
    if (!place->empty()) return wrong_form(std::string(name) + " appears twice in the head of a part");
    *place = trim(line.substr(name.size() + 1));
  }
  return found;
}

// Whether the part's bytes are the field's value as they are: no file, and not encoded.
bool is_plain_value(const PartHead& head, const ParameterizedField& disposition) {
  const auto is_file = [](const FieldParameter& one) { return same_name(one.name.substr(0, 8), "filename"); };
  if (!same_name(disposition.value, "form-data")) return false;
  if (std::any_of(disposition.parameters.begin(), disposition.parameters.end(), is_file)) return false;
  constexpr std::array<std::string_view, 3> plain = {"7bit", "8bit", "binary"};
  const std::string_view coding = head.transfer_encoding;
  if (!coding.empty() && std::none_of(plain.begin(), plain.end(), [&](auto one) { return same_name(one, coding); })) {
    return false;
  }
  const Result<BodyType> type = body_type_of(head.type);
  if (!type || *type == BodyType::form_data) return false;
  const ParameterizedField parts = take_apart(head.type, true);
  return parts.value.empty() || same_name(parts.value.substr(0, 5), "text/") || *type == BodyType::json;
}

// Whether a part's head names the field `model`.
Result<bool> is_model_head(std::string_view text) {
  const Result<PartHead> head = read_fields(text);
  if (!head) return tl::unexpected<Error>(head.error());
  if (head->disposition.empty()) return false;
  const std::array<ParameterizedField, 2> readings = {take_apart(head->disposition, true),
                                                      take_apart(head->disposition, false)};
  bool like = false, sure = true;
  for (const ParameterizedField& reading : readings) {
    const FieldParameter* const name = only(reading, "name");
    sure = sure && !reading.broken && name != nullptr && name->value == "model";
    for (const FieldParameter& one : reading.parameters) {
      if (!std::all_of(one.name.begin(), one.name.end(), is_token_character)) continue;
      if (same_name(one.name.substr(0, 5), "name*"))
        return wrong_form("a part's field has a name*=, which is not allowed in forms");
      like = like || (same_name(one.name, "name") && is_like_model(one.value));
    }
  }
  if (readings[0].broken && readings[1].broken) return wrong_form("the content-disposition of a part cannot be read");
  if (!like) return false;
  if (sure && is_plain_value(*head, readings[0])) return true;
  return wrong_form("a field of the form can be read as `model`; write it as form-data; name=\"model\", as plain text");
}

}  // namespace

Result<MultipartPeeker> MultipartPeeker::create(std::string_view content_type) {
  const ParameterizedField given = take_apart(content_type, true);
  if (!same_name(given.value, "multipart/form-data")) return wrong_form("content-type must be multipart/form-data");
  const FieldParameter* const boundary = only(given, "boundary");
  if (boundary == nullptr) return wrong_form("the content-type must have one boundary");
  const ParameterizedField other = take_apart(content_type, false);
  const FieldParameter* const otherwise = only(other, "boundary");
  if (given.broken || other.broken || otherwise == nullptr || otherwise->value != boundary->value) {
    return wrong_form("the content-type cannot be read");
  }
  if (boundary->value.empty() || boundary->value.size() > max_boundary) {
    return wrong_form("the boundary must have 1 to 70 characters");
  }
  const bool quoted = boundary->quoted;
  if (boundary->value.back() == ' ' || !std::all_of(boundary->value.begin(), boundary->value.end(),
                                                    [quoted](char c) { return is_boundary_character(c, quoted); })) {
    return wrong_form("the boundary holds a character that is not allowed");
  }
  MultipartPeeker peeker;
  peeker.opening_ = "--" + boundary->value;
  return peeker;
}

Result<void> MultipartPeeker::feed(std::string_view bytes) {
  const bool held = !held_.empty();
  if (held) held_ += bytes;
  const std::string_view text = held ? std::string_view(held_) : bytes;
  size_t used = 0;
  while (used < text.size()) {
    const Stage stage = stage_;
    const Result<size_t> step = this->step(text.substr(used));
    if (!step) return tl::unexpected<Error>(step.error());
    used += *step;
    before_ += *step;
    if (*step == 0 && stage == stage_) break;  // more bytes are needed
  }
  if (held) {
    held_.erase(0, used);
  } else {
    held_ = text.substr(used);
  }
  return {};
}

Result<size_t> MultipartPeeker::step(std::string_view text) {
  switch (stage_) {
    case Stage::after_boundary:
      return read_boundary_end(text);
    case Stage::part_head:
      return read_part_head(text);
    case Stage::preamble:
    case Stage::data:
    case Stage::model:
      return find_boundary(text);
    case Stage::epilogue:
      break;
  }
  if (text.find_first_not_of(" \t\r\n") != std::string_view::npos)
    return wrong_form("more follows the closing boundary");
  return text.size();
}

// Looks for the next line that begins with the boundary. The first one may be at the very start.
Result<size_t> MultipartPeeker::find_boundary(std::string_view text) {
  size_t at = std::max(scanned_, context_);
  while ((at = text.find(opening_, at)) != std::string_view::npos) {
    const bool at_start = at == 0;  // of the body: elsewhere, the bytes before are held too
    if (at_start || (at >= 2 && text.substr(at - 2, 2) == "\r\n")) {
      if (stage_ == Stage::model) {
        const size_t end = std::max(at - 2, context_);
        if (Result<void> taken = take_model(text.substr(context_, end - context_)); !taken) {
          return tl::unexpected<Error>(taken.error());
        }
      }
      if (stage_ == Stage::preamble) first_at_ = before_ + at;
      stage_ = Stage::after_boundary;
      scanned_ = context_ = 0;
      return at + opening_.size();
    }
    // Some parsers accept one of the two.
    if (text[at - 1] == '\n' || text[at - 1] == '\r') return wrong_form("a boundary is not preceded by CR LF");
    ++at;
  }
  const size_t kept = opening_.size() + 1;  // what may be the boundary's beginning, and the two bytes before
  if (text.size() <= kept) return size_t{0};
  scanned_ = text.size() - kept + 2;
  if (stage_ == Stage::model) {
    if (text.size() > max_model_bytes + context_ + kept) return take_model(text).map([] { return size_t{0}; });
    return size_t{0};
  }
  if (stage_ == Stage::preamble && before_ + scanned_ > max_preamble) {
    return wrong_form("the body does not begin with the boundary of its content-type");
  }
  scanned_ = context_ = 2;
  return text.size() - kept;
}

// After a boundary, "--" ends the body, a line break (after any white space) begins a part.
Result<size_t> MultipartPeeker::read_boundary_end(std::string_view text) {
  if (text.size() < 2) return size_t{0};
  if (text.starts_with("--")) {
    stage_ = Stage::epilogue;
    return size_t{2};
  }
  const size_t end = text.find_first_not_of(" \t");
  if (end == std::string_view::npos || (text[end] == '\r' && end + 1 == text.size())) {
    if (text.size() > max_part_head) return wrong_form("a boundary line is too long");
    return size_t{0};
  }
  if (text.substr(end, 2) != "\r\n") return wrong_form("a boundary line has extra characters");
  stage_ = Stage::part_head;
  return end;  // the line break stays: an empty head is then "\r\n\r\n" like any other
}

Result<size_t> MultipartPeeker::read_part_head(std::string_view text) {
  const size_t end = text.find("\r\n\r\n", scanned_);
  const size_t size = std::min(end, text.size());
  if (size > max_part_head) return wrong_form("the head of a part is longer than 8 KiB");
  if (end == std::string_view::npos) {
    if (text.size() > scanned_ + 3) scanned_ = text.size() - 3;
    return size_t{0};
  }
  const Result<bool> is_model = is_model_head(end < 2 ? std::string_view() : text.substr(2, end - 2));
  if (!is_model) return tl::unexpected<Error>(is_model.error());
  if (*is_model && found_) return wrong_form("the form has two fields `model`");
  stage_ = *is_model ? Stage::model : Stage::data;
  if (*is_model) model_at_ = before_ + end + 4;
  scanned_ = context_ = 2;  // an empty part: the head's last line break is also the boundary's
  return end + 2;
}

Result<void> MultipartPeeker::take_model(std::string_view value) {
  if (value.size() > max_model_bytes) {
    return wrong_form("the field `model` has more than " + std::to_string(max_model_bytes) + " bytes");
  }
  model_ = value;
  found_ = true;
  return {};
}

}  // namespace sluice::api
