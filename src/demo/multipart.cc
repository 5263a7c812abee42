#include "demo/multipart.h"

#include <algorithm>
#include <string>

namespace sluice::demo {

namespace {

// `name` in `form-data; name="file"; filename="a.wav"`, or in a content-type.
std::string_view parameter(std::string_view value, std::string_view name) {
  for (size_t at = value.find(';'); at != value.npos; at = value.find(';', at + 1)) {
    std::string_view rest = value.substr(std::min(value.find_first_not_of(" \t", at + 1), value.size()));
    if (rest.size() <= name.size() || rest[name.size()] != '=' || !http::same_name(rest.substr(0, name.size()), name)) {
      continue;
    }
    rest.remove_prefix(name.size() + 1);
    if (rest.starts_with('"')) return rest.substr(1, std::min(rest.find('"', 1), rest.size()) - 1);
    return rest.substr(0, rest.find_first_of("; \t"));
  }
  return {};
}

FormPart part_of(std::string_view head, std::string_view value) {
  FormPart part;
  part.value = value;
  for (size_t at = 0; at < head.size();) {
    const size_t end = std::min(head.find("\r\n", at), head.size());
    const std::string_view line = head.substr(at, end - at);
    const size_t colon = line.find(':');
    if (colon != line.npos && http::same_name(line.substr(0, colon), "content-disposition")) {
      part.name = parameter(line, "name");
      part.file_name = parameter(line, "filename");
    }
    at = end + 2;
  }
  return part;
}

}  // namespace

Result<std::vector<FormPart>> parse_form(const http::Fields& fields, std::string_view body) {
  const std::string_view boundary = parameter(fields.find("content-type").value_or(""), "boundary");
  if (boundary.empty()) return fail(ErrorCode::bad_request, "the body must be multipart/form-data with a boundary");
  const std::string dashes = "--" + std::string(boundary), between = "\r\n" + dashes;
  std::vector<FormPart> parts;
  size_t at = body.starts_with(dashes) ? 0 : body.find(between);
  if (at == body.npos) return fail(ErrorCode::bad_request, "the body has no part of its boundary");
  at += at == 0 ? dashes.size() : between.size();
  while (!body.substr(at).starts_with("--")) {
    const size_t head_end = body.find("\r\n\r\n", at);
    const size_t end = head_end == body.npos ? body.npos : body.find(between, head_end + 2);
    if (end == body.npos) return fail(ErrorCode::bad_request, "the multipart body is cut short");
    if (parts.size() == max_form_parts) return fail(ErrorCode::bad_request, "the multipart body has too many parts");
    const size_t value_at = std::min(head_end + 4, end);
    parts.push_back(part_of(body.substr(at, head_end - at), body.substr(value_at, end - value_at)));
    at = end + between.size();
  }
  return parts;
}

std::string_view value_in(const std::vector<FormPart>& form, std::string_view name) {
  const auto at = std::find_if(form.begin(), form.end(), [&](const FormPart& part) { return part.name == name; });
  return at == form.end() ? std::string_view() : at->value;
}

}  // namespace sluice::demo
