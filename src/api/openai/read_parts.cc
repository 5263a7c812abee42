// Reads the parts of a message's content, for any role.
#include <array>

#include "api/openai/read_messages.h"
#include "base/text.h"

namespace sluice::api::openai {
namespace {

constexpr std::string_view plain_mark = R"({"type":"ephemeral"})";

}  // namespace

void ChatMessagesReader::read_content(JsonValue content, const ChatPlace& place, std::vector<Part>& parts) {
  if (content.is_string()) {
    if (!content.text().empty()) parts.emplace_back().text = content.text();
    return;
  }
  if (content.has_value() && !content.is_array()) return reader_.wrong(place, "must be a string or a list of parts");
  size_t index = 0;
  for (const JsonValue part : content) {
    const ChatPlace here{place.within, place.name, index++};
    if (part.is_string()) {
      parts.emplace_back().text = part.text();
    } else if (part.is_object()) {
      read_part(part, here, parts.emplace_back());
    } else {
      reader_.wrong(here, "must be an object");
      continue;
    }
    parts.back().place.part = static_cast<uint32_t>(index - 1);
  }
}

void ChatMessagesReader::read_part(JsonValue value, const ChatPlace& place, Part& part) {
  static constexpr std::array<std::string_view, 12> names = {
      "type",         "text",      "refusal",  "image_url", "input_audio",   "file",
      "document_url", "video_url", "thinking", "signature", "cache_control", "prompt_cache_breakpoint"};
  enum : size_t {
    type_at,
    text_at,
    refusal_at,
    image_at,
    audio_at,
    file_at,
    document_at,
    video_at,
    thinking_at,
    signature_at,
    mark_at,
    breakpoint_at
  };
  std::array<JsonValue, names.size()> at = reader_.members(value, names, place, part.bag);
  const std::string_view type = reader_.word(at[type_at], {&place, "type", {}});
  const auto take = [&at](size_t which) { return std::exchange(at[which], JsonValue()); };
  take(type_at);
  part.raw = value.raw();
  if (const JsonValue mark = take(mark_at); mark.is_object()) part.cache_mark = mark.raw();
  if (const JsonValue mark = take(breakpoint_at); mark.is_object()) part.cache_mark = plain_mark;
  if (type == "text" || type == "input_text" || type == "output_text") {
    part.text = reader_.text(take(text_at), {&place, "text", {}});
  } else if (type == "refusal") {
    part.kind = PartKind::refusal;
    part.text = reader_.text(take(refusal_at), {&place, "refusal", {}});
  } else if (type == "image_url") {
    part.kind = PartKind::image;
    read_image(take(image_at), {&place, "image_url", {}}, part);
  } else if (type == "input_audio") {
    read_audio(take(audio_at), {&place, "input_audio", {}}, part);
  } else if (type == "file") {
    read_file(take(file_at), {&place, "file", {}}, part);
  } else if (type == "document_url") {
    part.kind = PartKind::document;
    read_image(take(document_at), {&place, "document_url", {}}, part);
  } else if (type == "video_url") {
    part.kind = PartKind::video;
    read_image(take(video_at), {&place, "video_url", {}}, part);
  } else if (type == "thinking") {
    const JsonValue thinking = take(thinking_at), signature = take(signature_at);
    read_thinking_part(thinking, signature, place, part);
  } else {
    part.kind = PartKind::other;
    part.other_type = type;
    part.bag.clear();
    return;
  }
  for (const JsonValue member : at) reader_.leave(part.bag, member);
}

Source ChatMessagesReader::source_of(JsonText url) {
  return source_of_data_url(url, request_.arena).value_or(Source{Source::Kind::url, {}, url});
}

// {"url": ..., "detail": ...}, or only the URL, as some write it. Documents and videos have the same form.
void ChatMessagesReader::read_image(JsonValue image, const ChatPlace& place, Part& part) {
  static constexpr std::array<std::string_view, 2> names = {"url", "detail"};
  if (!image.is_string()) {
    const auto [url, detail] = reader_.members(reader_.object(image, place), names, place, part.bag, place.name);
    part.detail = reader_.word(detail, {&place, "detail", {}});
    image = url;
  }
  const JsonText url = reader_.text(image, {&place, "url", {}});
  if (url.empty()) reader_.wrong({&place, "url", {}}, "is missing");
  part.source = source_of(url);
}

void ChatMessagesReader::read_audio(JsonValue audio, const ChatPlace& place, Part& part) {
  static constexpr std::array<std::string_view, 2> names = {"data", "format"};
  const auto [data, format_value] = reader_.members(reader_.object(audio, place), names, place, part.bag, place.name);
  const std::string_view format = reader_.word(format_value, {&place, "format", {}});
  part.kind = PartKind::audio;
  part.source.kind = Source::Kind::base64;
  part.source.data = reader_.text(data, {&place, "data", {}});
  if (part.source.data.empty()) reader_.wrong({&place, "data", {}}, "is missing");
  if (format == "mp3") {
    part.source.media_type = "audio/mpeg";
  } else if (!format.empty()) {
    part.source.media_type = request_.arena.keep("audio/" + std::string(format));
  }
}

// A file is given by its bytes, or by its id if it was uploaded.
void ChatMessagesReader::read_file(JsonValue file, const ChatPlace& place, Part& part) {
  static constexpr std::array<std::string_view, 3> names = {"file_data", "filename", "file_id"};
  const auto [data, name, id] = reader_.members(reader_.object(file, place), names, place, part.bag, place.name);
  part.kind = PartKind::document;
  part.title = reader_.text(name, {&place, "filename", {}});
  const JsonText bytes = reader_.text(data, {&place, "file_data", {}});
  const JsonText known = reader_.text(id, {&place, "file_id", {}});
  if (!bytes.empty()) {
    part.source = source_of(bytes);
    const bool is_url = bytes.escaped.find(':') != std::string_view::npos;
    if (!is_url) part.source = {Source::Kind::base64, sniff_media_type(bytes.escaped), bytes};
  } else if (!known.empty()) {
    part.source = {Source::Kind::file_id, {}, known};
  } else {
    reader_.wrong(place, "has neither file_data nor file_id");
  }
}

// Text, or a list of texts.
void ChatMessagesReader::read_thinking_part(JsonValue thinking, JsonValue signature, const ChatPlace& place,
                                            Part& part) {
  part.kind = PartKind::thinking;
  if (thinking.is_string()) {
    part.text = thinking.text();
  } else {
    std::string text;
    for (const JsonValue piece : reader_.array(thinking, {&place, "thinking", {}}))
      text += piece["text"].text().escaped;
    part.text = JsonText{request_.arena.keep(std::move(text))};
  }
  const JsonText sign = reader_.text(signature, {&place, "signature", {}});
  if (!sign.empty()) part.opaque = opaque_of(sign, {}, {});
}

}  // namespace sluice::api::openai
