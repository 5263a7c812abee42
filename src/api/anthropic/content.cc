// Writes texts, pictures and documents as content blocks.
#include <algorithm>
#include <array>
#include <optional>

#include "api/anthropic/conversation.h"
#include "api/anthropic/translate.h"

namespace sluice::api::anthropic {
namespace {

constexpr std::array<std::string_view, 4> picture_types = {"image/jpeg", "image/png", "image/gif", "image/webp"};

std::string_view media_type_of(const Source& source) {
  if (source.media_type == "image/jpg") return picture_types[0];
  const bool says_nothing = source.media_type.empty() || source.media_type == "application/octet-stream";
  return says_nothing ? sniff_media_type(source.data.escaped) : source.media_type;
}

tl::unexpected<Error> refuse(const std::string& path, std::string_view what) {
  return fail(ErrorCode::untranslatable, path + ": the target does not take " + std::string(what));
}

void append_base64(const Source& source, std::string_view type, std::string& out) {
  out += R"("source":{"type":"base64","media_type":")";
  out += type;
  out += R"(","data":")";
  out += source.data.escaped;
  out += "\"}";
}

void append_url(const Source& source, std::string& out) {
  out += R"("source":{"type":"url","url":")";
  out += source.data.escaped;
  out += "\"}";
}

Result<void> write_image(Draft& draft, const Part& part, const std::string& path, std::string& out) {
  const Source& source = part.source;
  out += R"({"type":"image",)";
  if (source.kind == Source::Kind::base64) {
    const std::string_view type = media_type_of(source);
    if (std::find(picture_types.begin(), picture_types.end(), type) == picture_types.end()) {
      return refuse(path, "pictures of type '" + std::string(type) + "'");
    }
    append_base64(source, type, out);
  } else if (source.kind == Source::Kind::url) {
    if (!draft.facts.takes_image_urls) return refuse(path, "pictures by their URL");
    append_url(source, out);
  } else {
    return refuse(path, "pictures that are files of another provider");
  }
  if (!part.detail.empty() && part.detail != "auto") draft.dropped.add(path + ".detail", DropReason::unsupported);
  append_cache_mark(draft, part.cache_mark, path, out);
  out += '}';
  return {};
}

Result<void> write_document(Draft& draft, const Part& part, const std::string& path, std::string& out) {
  const Source& source = part.source;
  const std::string_view type = media_type_of(source);
  const std::optional<std::string> text = text_of_document({source.kind, type, source.data});
  if (text && !draft.facts.takes_documents) {
    out += R"({"type":"text","text":")" + text_of_document(part).value_or(*text) + '"';
    append_cache_mark(draft, part.cache_mark, path, out);
    out += '}';
    return {};
  }
  if (!draft.facts.takes_documents) return refuse(path, "documents");
  out += R"({"type":"document",)";
  if (text) {
    out += R"("source":{"type":"text","media_type":"text/plain","data":")" + *text + "\"}";
  } else if (source.kind == Source::Kind::base64 && type == "application/pdf") {
    append_base64(source, type, out);
  } else if (source.kind == Source::Kind::url) {
    append_url(source, out);
  } else if (source.kind == Source::Kind::base64) {
    return refuse(path, "documents of type '" + std::string(type) + "'");
  } else {
    return refuse(path, "documents that are files of another provider");
  }
  if (!is_blank(part.title)) escaped_member(out, "title", part.title);
  if (!is_blank(part.context)) escaped_member(out, "context", part.context);
  append_cache_mark(draft, part.cache_mark, path, out);
  out += '}';
  return {};
}

}  // namespace

Result<void> write_content(Draft& draft, const Part& part, const std::string& path, std::string& out) {
  switch (part.kind) {
    case PartKind::compaction:
      if (is_blank(part.text)) return refuse(path, "a conversation that another provider has compacted");
      [[fallthrough]];
    case PartKind::text:
    case PartKind::refusal:
      out += R"({"type":"text","text":")";
      out += part.text.escaped;
      out += '"';
      append_cache_mark(draft, part.cache_mark, path, out);
      out += '}';
      return {};
    case PartKind::image:
      return write_image(draft, part, path, out);
    case PartKind::document:
      return write_document(draft, part, path, out);
    case PartKind::audio:
      return refuse(path, "sound");
    case PartKind::video:
      return refuse(path, "video");
    default:
      return refuse(path, "content of type '" + std::string(part.other_type) + "'");
  }
}

}  // namespace sluice::api::anthropic
