#include "api/media_type.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "http/message.h"

namespace sluice::api {

using http::same_name;

ParameterizedField take_apart(std::string_view field, bool undo_escapes) {
  ParameterizedField parts;
  size_t at = field.find(';');
  parts.value = trim(field.substr(0, at));
  while (at < field.size()) {  // at a ';'
    const size_t begin = ++at;
    const size_t equals = field.find_first_of("=;", begin);
    if (equals == std::string_view::npos || field[equals] == ';') {
      if (!trim(field.substr(begin, equals - begin)).empty()) parts.broken = true;
      at = equals;
      continue;
    }
    FieldParameter parameter{trim(field.substr(begin, equals - begin)), {}, false};
    at = std::min(field.find_first_not_of(" \t", equals + 1), field.size());
    if (at < field.size() && field[at] == '"') {
      parameter.quoted = true;
      for (++at; at < field.size() && field[at] != '"'; ++at) {
        // Browsers and curl write a quote inside as %22 or \"; a lone backslash is part of a Windows path.
        const bool escape = undo_escapes && field[at] == '\\' && at + 1 < field.size();
        if (escape && (field[at + 1] == '"' || field[at + 1] == '\\')) ++at;
        parameter.value += field[at];
      }
      const size_t next = std::min(field.find(';', at), field.size());
      if (at >= field.size() || !trim(field.substr(at + 1, next - at - 1)).empty()) parts.broken = true;
      at = next;
    } else {
      const size_t next = std::min(field.find(';', at), field.size());
      parameter.value = trim(field.substr(at, next - at));
      at = next;
    }
    parts.parameters.push_back(std::move(parameter));
  }
  return parts;
}

Result<BodyType> body_type_of(std::string_view content_type) {
  if (same_name(content_type, "application/json")) return BodyType::json;
  const ParameterizedField parts = take_apart(content_type, true);
  BodyType type = BodyType::other;
  if (same_name(parts.value, "multipart/form-data")) type = BodyType::form_data;
  constexpr std::string_view suffix = "+json";
  const bool has_suffix =
      parts.value.size() > suffix.size() && same_name(parts.value.substr(parts.value.size() - suffix.size()), suffix);
  if (has_suffix || same_name(parts.value, "application/json")) type = BodyType::json;
  size_t charsets = 0;
  for (const FieldParameter& parameter : parts.parameters) {
    if (type == BodyType::form_data || !same_name(parameter.name, "charset")) continue;
    constexpr std::array<std::string_view, 4> like_ascii = {"utf-8", "utf8", "us-ascii", "iso-8859-1"};
    const bool good = std::any_of(like_ascii.begin(), like_ascii.end(),
                                  [&](std::string_view one) { return same_name(one, parameter.value); });
    if (!good || ++charsets > 1) {
      return fail(ErrorCode::bad_request, "the content-type's charset must be utf-8, given once");
    }
  }
  return type;
}

MediaType media_type_of(std::string_view content_type) {
  static constexpr std::pair<std::string_view, MediaType> known[] = {{"application/json", MediaType::json},
                                                                     {"text/event-stream", MediaType::events},
                                                                     {"application/x-ndjson", MediaType::lines},
                                                                     {"application/jsonl", MediaType::lines},
                                                                     {"text/html", MediaType::page},
                                                                     {"application/xhtml+xml", MediaType::page}};
  const auto of = [](std::string_view type) {
    for (const auto& [name, means] : known) {
      if (same_name(type, name)) return means;
    }
    return MediaType::other;
  };
  const MediaType plain = of(content_type);
  return plain != MediaType::other ? plain : of(trim(content_type.substr(0, content_type.find(';'))));
}

}  // namespace sluice::api
