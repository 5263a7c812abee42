#include "api/openai/write_messages.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.h"

namespace sluice::api::openai {
namespace {

using ReasoningField = TargetFacts::ReasoningField;

tl::unexpected<Error> cannot_take(const std::string& path, std::string_view what) {
  return fail(ErrorCode::untranslatable, path + ": " + std::string(what));
}

void next_item(std::string& list) {
  if (!list.empty()) list += ',';
}

// input_audio's name for a format.
std::string_view sound_format(const Source& source) {
  const std::string_view type = source.media_type.empty() ? sniff_media_type(source.data.escaped) : source.media_type;
  if (type == "audio/wav" || type == "audio/x-wav" || type == "audio/wave") return "wav";
  if (type == "audio/mpeg" || type == "audio/mp3") return "mp3";
  return {};
}

std::string url_of(const Source& source) {
  std::string url;
  if (source.kind == Source::Kind::base64) {
    append_data_url(url, source);
  } else {
    url = source.data.escaped;
  }
  return url;
}

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

// Appends a member after others; nothing for "".
void append_mark(std::string& out, std::string_view mark) {
  if (!mark.empty()) (out += ',') += mark;
}

}  // namespace

// --- ChatContent ---

void ChatContent::add_text(JsonText text, std::string_view cache_mark) {
  if (text.empty()) return;
  if (!cache_mark.empty()) plain_ = false;
  items_.push_back({text, cache_mark, {}});
}

void ChatContent::add_item(std::string json) {
  plain_ = false;
  items_.push_back({{}, {}, std::move(json)});
}

void ChatContent::write(std::string& out, bool null) const {
  if (items_.empty()) {
    out += null ? "null" : R"("")";
  } else if (plain_ && (joins_ || items_.size() == 1)) {
    out += '"';
    for (const Item& item : items_) {
      if (&item != &items_.front()) out += R"(\n\n)";
      out += item.text.escaped;
    }
    out += '"';
  } else {
    for (const Item& item : items_) {
      out += &item == &items_.front() ? '[' : ',';
      write_item(out, item);
    }
    out += ']';
  }
}

void ChatContent::write_item(std::string& out, const Item& item) {
  if (!item.json.empty()) {
    out += item.json;
    return;
  }
  out += R"({"type":"text","text":)";
  write_text(out, item.text);
  append_mark(out, item.cache_mark);
  out += '}';
}

// --- messages ---

void ChatMessagesWriter::begin(std::string_view role) {
  if (!std::exchange(first_, false)) out_ += ',';
  out_ += R"({"role":")";
  out_ += role;
  out_ += R"(","content":)";
}

Result<void> ChatMessagesWriter::write() {
  out_ += '[';
  if (!request_.system.empty()) write_system(request_.system, "system", "system", {});
  for (size_t i = 0; i < request_.messages.size(); ++i) {
    if (Result<void> done = write_message(i); !done) return done;
  }
  if (Result<void> done = flush_shown(); !done) return done;
  const bool prefilled = !request_.messages.empty() && request_.messages.back().role == Role::assistant;
  if (prefilled && !facts_.takes_prefill) {  // the target begins a new answer instead of continuing it
    dropped_.add(path_of("messages", request_.messages.size() - 1), DropReason::changed);
  }
  out_ += ']';
  return {};
}

Result<void> ChatMessagesWriter::write_message(size_t index) {
  const Message& message = request_.messages[index];
  const std::string path = path_of("messages", index, "content");
  if (message.role != Role::tool && message.role != Role::user) {
    if (Result<void> done = flush_shown(); !done) return done;
  }
  switch (message.role) {
    case Role::system:
      write_system(message.parts, path, message.is_developer && facts_.is_makers_own ? "developer" : "system",
                   message.name);
      return {};
    case Role::user:
      return write_user(message, path);
    case Role::assistant:
      return write_assistant(message, path);
    case Role::tool:
      for (size_t i = 0; i < message.parts.size(); ++i) {
        if (Result<void> done = write_result(message.parts[i], path_of(path, i)); !done) return done;
      }
      return {};
  }
  return {};
}

void ChatMessagesWriter::write_system(const std::vector<Part>& parts, const std::string& path, std::string_view role,
                                      JsonText name) {
  ChatContent content(!facts_.is_makers_own);
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].kind == PartKind::text) {
      content.add_text(parts[i].text, mark_of(parts[i], path_of(path, i)));
    } else {
      dropped_.add(path_of(path, i), DropReason::unsupported);
    }
  }
  if (content.empty()) return;
  begin(role);
  content.write(out_, false);
  if (!name.empty()) {
    out_ += R"(,"name":)";
    write_text(out_, name);
  }
  out_ += '}';
}

Result<void> ChatMessagesWriter::write_user(const Message& message, const std::string& path) {
  ChatContent content(false);
  if (Result<void> done = write_shown(content); !done) return done;
  for (size_t i = 0; i < message.parts.size(); ++i) {
    if (Result<void> done = add_part(content, message.parts[i], path_of(path, i)); !done) return done;
  }
  begin("user");
  content.write(out_, false);
  if (!message.name.empty()) {
    out_ += R"(,"name":)";
    write_text(out_, message.name);
  }
  out_ += '}';
  return {};
}

Result<void> ChatMessagesWriter::write_assistant(const Message& message, const std::string& path) {
  ChatContent content(!facts_.is_makers_own);
  std::string thoughts, details, calls;
  details_ = 0;
  for (size_t i = 0; i < message.parts.size(); ++i) {
    const Part& part = message.parts[i];
    const std::string here = path_of(path, i);
    if (part.kind == PartKind::tool_call) {
      write_call(part, here, calls, details);
    } else if (part.kind == PartKind::thinking || part.kind == PartKind::redacted) {
      write_thinking(part, here, thoughts, details);
    } else if (Result<void> done = add_part(content, part, here); !done) {
      return done;
    }
  }
  if (content.empty() && calls.empty() && thoughts.empty() && details.empty()) return {};  // many targets reject it
  begin("assistant");
  content.write(out_, !calls.empty());
  if (!thoughts.empty()) {
    out_ += R"(,"reasoning_content":)";
    write_text(out_, JsonText{thoughts});
  }
  if (!details.empty()) out_ += R"(,"reasoning_details":[)" + details + ']';
  if (!calls.empty()) out_ += R"(,"tool_calls":[)" + calls + ']';
  const bool goes_on = facts_.continues_prefix && &message == &request_.messages.back();
  if (goes_on && facts_.prefix_mark == TargetFacts::PrefixMark::on_message) out_ += R"(,"prefix":true)";
  out_ += '}';
  return {};
}

// The id itself if the target accepts it, else one made from it, the same for call and result.
JsonText ChatMessagesWriter::call_id(JsonText id, size_t& without) {
  if (id.empty()) id = JsonText{arena_.keep("call_" + std::to_string(without++))};
  if (!facts_.call_ids_of_nine) {
    return id.escaped.size() <= max_call_id_bytes ? id : ids_.shorten(id, {max_call_id_bytes});
  }
  constexpr uint32_t bytes = 9;
  if (id.escaped.size() == bytes && std::all_of(id.escaped.begin(), id.escaped.end(), is_letter_or_digit)) return id;
  const JsonText padded{arena_.keep(std::string(id.escaped) + std::string(bytes, '#'))};
  std::string made(ids_.shorten(padded, {bytes}).escaped);  // "_" and eight digits
  made.front() = 'c';
  return JsonText{arena_.keep(std::move(made))};
}

void ChatMessagesWriter::write_call(const Part& part, const std::string& path, std::string& calls,
                                    std::string& details) {
  const JsonText id = call_id(part.id, calls_without_id_);
  const JsonText name = names_.shorten(part.name, {facts_.max_tool_name_bytes});
  const bool custom = part.call_kind == CallKind::custom;
  next_item(calls);
  JsonWriter json(calls);
  json.object();
  text_member(json, calls, "id", id);
  if (custom && facts_.is_makers_own) {
    json.member("type", "custom").key("custom").object();
    text_member(json, calls, "name", name);
    json.key("input").raw(part.arguments.empty() ? R"("")" : part.arguments).end_object();
  } else {
    std::string arguments;
    if (custom) {
      arguments = R"({"input":)" + std::string(part.arguments.empty() ? R"("")" : part.arguments) + '}';
    } else {
      append_arguments_object(arguments, part.arguments, path + ".arguments", dropped_);
    }
    json.member("type", "function").key("function").object();
    text_member(json, calls, "name", name);
    json.member("arguments", arguments).end_object();
  }
  if (!part.opaque.empty() && returns(part, path)) {
    const DetailName detail = detail_name_of(part.opaque.id);
    if (detail.format.empty()) {
      json.key("extra_content").object().key("google").object();
      text_member(json, calls, "thought_signature", part.opaque.data);
      json.end_object().end_object();
    } else {
      Part entry;
      entry.kind = PartKind::redacted;
      entry.opaque = part.opaque;
      std::string none;
      write_thinking(entry, path, none, details);
    }
  }
  json.end_object();
}

// Whether opaque data may be sent to this target, as its origin. If not, the drop is recorded.
bool ChatMessagesWriter::returns(const Part& part, const std::string& path) {
  if (may_return(part.opaque, facts_.origin)) return true;
  dropped_.add(path + ".signature", DropReason::bound);
  return false;
}

void ChatMessagesWriter::write_thinking(const Part& part, const std::string& path, std::string& text,
                                        std::string& details) {
  if (facts_.reasoning_field == ReasoningField::none) return dropped_.add(path, DropReason::unsupported);
  const bool may = part.opaque.empty() || returns(part, path);
  if (facts_.reasoning_field == ReasoningField::reasoning_content) {
    if (part.kind == PartKind::redacted || part.text.empty()) return;
    if (!text.empty()) text += R"(\n\n)";
    text += part.text.escaped;
    return;
  }
  if (!may) return;
  const DetailName name = detail_name_of(part.opaque.id);
  const bool is_text = name.signs_text || (part.kind == PartKind::thinking && !part.is_summary);
  const auto add = [&](std::string_view type, std::string_view member, JsonText value, JsonText signature) {
    next_item(details);
    JsonWriter json(details);
    json.object().member("type", type);
    text_member(json, details, member, value);
    if (!signature.empty()) text_member(json, details, "signature", signature);
    if (!name.format.empty()) json.member("format", name.format);
    if (!name.id.empty()) json.member("id", name.id);
    json.member("index", details_).end_object();
  };
  if (is_text) {
    add("reasoning.text", "text", part.text, part.opaque.data);
  } else {
    if (!part.text.empty()) add("reasoning.summary", "summary", part.text, {});
    if (!part.opaque.empty()) add("reasoning.encrypted", "data", part.opaque.data, {});
  }
  ++details_;
}

// --- results of tools ---

Result<void> ChatMessagesWriter::write_result(const Part& part, const std::string& path) {
  const JsonText id = call_id(part.id, results_without_id_);
  const std::string_view mark = mark_of(part, path);
  ChatContent content(!facts_.is_makers_own);
  bool shows = false;
  for (size_t i = 0; i < part.parts.size(); ++i) {
    const Part& inner = part.parts[i];
    const std::string here = path_of(path + ".content", i);
    const bool is_text = inner.kind == PartKind::text || inner.kind == PartKind::refusal;
    std::optional<JsonText> text;
    if (is_text) {
      text = inner.text;
    } else if (std::optional<std::string> document = text_of_document(inner)) {
      text = JsonText{arena_.keep(*std::move(document))};
    }
    if (text) {
      if (!inner.citations.empty()) dropped_.add(here + ".citations", DropReason::unsupported);
      content.add_text(*text, i + 1 == part.parts.size() ? mark : mark_of(inner, here));
    } else {
      shown_.push_back({&inner, id, here});
      shows = true;
    }
  }
  if (part.is_error == true) dropped_.add(path + ".is_error", DropReason::unsupported);
  if (shows && content.empty()) content.add_text(JsonText{"(what it returned follows in the next message)"});
  begin("tool");
  content.write(out_, false);
  out_ += R"(,"tool_call_id":)";
  write_text(out_, id);
  out_ += '}';
  return {};
}

// Goes after all results of a turn, as nothing may stand between them.
Result<void> ChatMessagesWriter::write_shown(ChatContent& content) {
  JsonText last;
  for (const Shown& shown : shown_) {
    if (!(shown.call_id == last)) {
      content.add_text(JsonText{arena_.keep("Returned by the tool call " + std::string(shown.call_id.escaped) + ":")});
      last = shown.call_id;
    }
    if (Result<void> done = add_part(content, *shown.part, shown.path); !done) return done;
  }
  shown_.clear();
  return {};
}

Result<void> ChatMessagesWriter::flush_shown() {
  if (shown_.empty()) return {};
  ChatContent content(false);
  if (Result<void> done = write_shown(content); !done) return done;
  begin("user");
  content.write(out_, false);
  out_ += '}';
  return {};
}

// --- parts ---

std::string_view ChatMessagesWriter::mark_of(const Part& part, const std::string& path) {
  if (part.cache_mark.empty()) return {};
  if (facts_.takes_cache_marks) return arena_.keep(R"("cache_control":)" + std::string(part.cache_mark));
  if (facts_.takes_cache_breakpoints && breakpoints_ < max_cache_breakpoints) {
    ++breakpoints_;
    return R"("prompt_cache_breakpoint":{"mode":"explicit"})";
  }
  dropped_.add(path + ".cache_control", DropReason::unsupported);
  return {};
}

Result<void> ChatMessagesWriter::add_part(ChatContent& content, const Part& part, const std::string& path) {
  if (!part.citations.empty()) dropped_.add(path + ".citations", DropReason::unsupported);
  std::string item;
  JsonWriter json(item);
  switch (part.kind) {
    case PartKind::text:
    case PartKind::refusal:
      content.add_text(part.text, mark_of(part, path));
      return {};
    case PartKind::image:
      if (part.source.kind != Source::Kind::base64 && part.source.kind != Source::Kind::url) {
        return cannot_take(path, "the target cannot be given a picture by its id");
      }
      json.object().member("type", "image_url").key("image_url").object();
      text_member(json, item, "url", JsonText{url_of(part.source)});
      if (!part.detail.empty()) json.member("detail", part.detail);
      json.end_object();
      append_mark(item, mark_of(part, path));
      json.end_object();
      content.add_item(std::move(item));
      return {};
    case PartKind::document:
      return add_document(content, part, path);
    case PartKind::audio: {
      const std::string_view format = sound_format(part.source);
      if (part.source.kind != Source::Kind::base64 || format.empty()) {
        return cannot_take(path, "the target takes sound as base64 of WAV or MP3 only");
      }
      json.object().member("type", "input_audio").key("input_audio").object();
      text_member(json, item, "data", part.source.data);
      json.member("format", format).end_object().end_object();
      content.add_item(std::move(item));
      return {};
    }
    case PartKind::video:
      if (facts_.is_makers_own || part.source.kind == Source::Kind::file_id) {
        return cannot_take(path, "the target takes no video");
      }
      json.object().member("type", "video_url").key("video_url").object();
      text_member(json, item, "url", JsonText{url_of(part.source)});
      json.end_object().end_object();
      content.add_item(std::move(item));
      return {};
    case PartKind::compaction:
      if (part.text.empty()) return cannot_take(path, "the target cannot read the compacted conversation");
      content.add_text(part.text);
      return {};
    case PartKind::thinking:
    case PartKind::redacted:
      dropped_.add(path, DropReason::unsupported);
      return {};
    case PartKind::tool_call:
    case PartKind::tool_result:
    case PartKind::other:
      break;
  }
  return cannot_take(path, "the target has nothing like '" + std::string(part.other_type) + "'");
}

Result<void> ChatMessagesWriter::add_document(ChatContent& content, const Part& part, const std::string& path) {
  if (const std::optional<std::string> text = text_of_document(part)) {
    content.add_text(JsonText{arena_.keep(*text)}, mark_of(part, path));
    return {};
  }
  if (!part.context.empty()) dropped_.add(path + ".context", DropReason::unsupported);
  if (!facts_.takes_documents) return cannot_take(path, "the target takes no documents");
  if (part.source.kind != Source::Kind::base64) {
    return cannot_take(path, "the target takes documents as base64 only, neither by URL nor by id");
  }
  std::string item;
  JsonWriter json(item);
  json.object().member("type", "file").key("file").object();
  text_member(json, item, "filename", part.title.empty() ? JsonText{"document.pdf"} : part.title);
  text_member(json, item, "file_data", JsonText{url_of(part.source)});
  json.end_object();
  append_mark(item, mark_of(part, path));
  json.end_object();
  content.add_item(std::move(item));
  return {};
}

}  // namespace sluice::api::openai
