#include "api/ollama/object_reader.h"

#include <algorithm>

namespace sluice::api::ollama {

tl::unexpected<Error> must_be(std::string_view path, std::string_view what) {
  return fail(ErrorCode::bad_request, std::string(path) + ": must be " + std::string(what));
}

Result<void> sort_members(JsonValue object, std::span<const std::string_view> known, std::string_view path, Bag& bag) {
  uint64_t seen = 0;
  for (const JsonValue member : object) {
    const auto found =
        std::find_if(known.begin(), known.end(), [&](std::string_view name) { return member.named(name); });
    if (found == known.end()) {
      if (member.has_value()) carry(bag, member);
      continue;
    }
    const uint64_t bit = uint64_t{1} << (found - known.begin());
    if ((seen & bit) != 0) {
      const std::string place = path.empty() ? std::string(*found) : std::string(path) + "." + std::string(*found);
      return fail(ErrorCode::bad_request, place + ": occurs twice");
    }
    seen |= bit;
  }
  return {};
}

Result<JsonText> text_of(JsonValue value, std::string_view path) {
  if (value.has_value() && !value.is_string()) return must_be(path, "a string");
  return value.text();
}

Result<void> read_images(JsonValue images, std::string_view path, TextArena& arena, std::vector<Part>& parts) {
  if (images.has_value() && !images.is_array()) return must_be(path, "a list of strings");
  size_t index = 0;
  for (const JsonValue image : images) {
    if (!image.is_string()) return must_be(path_of(path, index), "a string");
    ++index;
    Part& part = parts.emplace_back();
    part.kind = PartKind::image;
    part.raw = image.raw();
    if (const std::optional<Source> source = source_of_data_url(image.text(), arena)) {
      part.source = *source;
    } else {
      const JsonText data{arena.unescape(image.text())};  // some callers write "\/", which base64 does not need
      part.source = {Source::Kind::base64, sniff_media_type(data.escaped), arena.escape(data.escaped)};
    }
    if (part.source.media_type == "application/pdf") part.kind = PartKind::document;
  }
  return {};
}

}  // namespace sluice::api::ollama
