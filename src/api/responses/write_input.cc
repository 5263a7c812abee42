#include "api/responses/write_input.h"

#include <algorithm>
#include <optional>

namespace sluice::api::responses {
namespace {

constexpr size_t max_call_id_bytes = 64;

tl::unexpected<Error> untold(const std::string& path, std::string_view what) {
  return fail(ErrorCode::untranslatable, path + ": " + std::string(what));
}

// Whether the message holds data that may not be sent to this target, though it is of the same dialect.
bool has_foreign(const Message& message, const Origin& target) {
  return std::any_of(message.parts.begin(), message.parts.end(),
                     [&](const Part& part) { return !part.opaque.empty() && !may_return(part.opaque, target); });
}

bool is_foreign_item(JsonValue item, const Origin& target) {
  const JsonText encrypted = item["encrypted_content"].text();
  return !encrypted.empty() && !may_return(unwrap(encrypted, target.dialect), target);
}

bool is_text(const Part& part) { return part.kind == PartKind::text || part.kind == PartKind::refusal; }

}  // namespace

bool system_is_message(const Request& request, const TargetFacts& facts) {
  const bool is_marked =
      facts.takes_cache_breakpoints && std::any_of(request.system.begin(), request.system.end(),
                                                   [](const Part& part) { return !part.cache_mark.empty(); });
  const bool is_all = request.messages.empty() && !request.system.empty();  // an empty input is refused
  return is_marked || is_all || (request.system.size() > 1 && facts.is_makers_own);
}

Result<void> InputWriter::write() {
  const std::vector<Message>& messages = request_.messages;
  if (request_.from == facts_.origin.dialect && messages.size() == 1 && messages[0].raw.starts_with('"')) {
    json_.raw(messages[0].raw);
    return {};
  }
  json_.array();
  if (request_.from != facts_.origin.dialect && system_is_message(request_, facts_)) write_system();
  for (size_t i = 0; i < messages.size(); ++i) {
    if (Result<void> done = write_message(i); !done) return done;
  }
  json_.end_array();
  const bool prefilled = !messages.empty() && messages.back().role == Role::assistant &&
                         !messages.back().parts.empty() && is_text(messages.back().parts.back());
  if (prefilled && maker_of(request_.from) != maker_of(facts_.origin.dialect)) {  // it begins a new answer
    dropped_.add(path_of("messages", messages.size() - 1), DropReason::changed);
  }
  return {};
}

void InputWriter::write_system() {
  json_.object().member("type", "message").member("role", "developer").key("content").array();
  for (size_t i = 0; i < request_.system.size(); ++i) {
    const Part& part = request_.system[i];
    if (part.kind != PartKind::text) {
      dropped_.add(path_of("system", i), DropReason::unsupported);
      continue;
    }
    const bool is_marked = takes_mark(part);
    drop_marks(part, path_of("system", i), is_marked);
    json_.object().member("type", "input_text");
    json_.text_member("text", part.text);
    if (is_marked) write_mark();
    json_.end_object();
  }
  json_.end_array().end_object();
}

Result<void> InputWriter::write_message(size_t at) {
  const Message& message = request_.messages[at];
  if (!message.raw.empty() && request_.from == facts_.origin.dialect) {
    write_own(message);
    return {};
  }
  if (!message.name.empty()) dropped_.add(path_of("messages", at, "name"), DropReason::unsupported);
  switch (message.role) {
    case Role::system:
    case Role::user:
      return write_talk(message, at);
    case Role::assistant:
      return write_assistant(message, at);
    case Role::tool:
      return write_results(message, at);
  }
  return {};
}

// Writes the items unchanged, without those that are bound to another origin.
void InputWriter::write_own(const Message& message) {
  if (message.raw.starts_with('"')) {
    json_.object().member("type", "message").member("role", "user").key("content").raw(message.raw).end_object();
    return;
  }
  if (!has_foreign(message, facts_.origin)) {
    json_.raw(message.raw);
    return;
  }
  const std::string list = "[" + std::string(message.raw) + "]";
  JsonDocument document;
  if (!document.parse(list)) return;
  for (const JsonValue item : document.root()) {
    if (is_foreign_item(item, facts_.origin)) {
      dropped_.add("input.encrypted_content", DropReason::bound);
    } else {
      json_.raw(item.raw());
    }
  }
}

// A message of the user's, or a system message within the conversation.
Result<void> InputWriter::write_talk(const Message& message, size_t at) {
  const std::string path = path_of("messages", at, "content");
  std::string_view role = "user";
  if (message.role == Role::system) role = message.is_developer || facts_.is_makers_own ? "developer" : "system";
  json_.object().member("type", "message").member("role", role).key("content");
  if (message.parts.empty()) {
    json_.text(JsonText{});
  } else if (message.parts.size() == 1 && is_text(message.parts[0]) && !may_mark(message.parts[0])) {
    drop_marks(message.parts[0], path + "[0]");
    json_.text(message.parts[0].text);
  } else if (Result<void> done = write_content(message.parts, path); !done) {
    return done;
  }
  json_.end_object();
  return {};
}

Result<void> InputWriter::write_assistant(const Message& message, size_t at) {
  for (size_t i = 0; i < message.parts.size(); ++i) {
    const Part& part = message.parts[i];
    const std::string path = path_of(path_of("messages", at, "content"), i);
    drop_marks(part, path);
    switch (part.kind) {
      case PartKind::text:
      case PartKind::refusal:
        write_assistant_text(part.text);
        break;
      case PartKind::tool_call:
        write_call(part, path);
        break;
      case PartKind::thinking:
      case PartKind::redacted:
        write_thinking(part, path);
        break;
      case PartKind::compaction:
        if (Result<void> done = write_compaction(part, path); !done) return done;
        break;
      case PartKind::image:
      case PartKind::document:
      case PartKind::audio:
      case PartKind::video:
      case PartKind::tool_result:
      case PartKind::other:
        return untold(path, "an assistant message cannot contain this at the target");
    }
  }
  return {};
}

void InputWriter::write_assistant_text(JsonText text) {
  if (text.empty()) return;
  json_.object().member("type", "message").member("role", "assistant");
  json_.text_member("content", text);
  json_.end_object();
}

void InputWriter::write_call(const Part& call, const std::string& path) {
  const bool is_custom = call.call_kind == CallKind::custom;
  const JsonText id = id_of_call(call.id);
  if (is_custom) custom_.insert(arena_.keep(std::string(id.escaped)));
  if (!call.opaque.empty()) dropped_.add(path + ".signature", DropReason::bound);
  json_.object().member("type", is_custom ? "custom_tool_call" : "function_call");
  json_.text_member("call_id", id);
  json_.text_member("name", written_.names.shorten(call.name, name_rules(facts_)));
  if (is_custom) {
    json_.key("input").raw(call.arguments.starts_with('"') ? call.arguments : R"("")");
  } else {
    json_.member("arguments", call.arguments.empty() ? "{}" : call.arguments);
  }
  json_.end_object();
}

// A reasoning item is sent back with its id, as its content is bound to it; without one if none is known.
void InputWriter::write_thinking(const Part& part, const std::string& path) {
  if (part.opaque.empty() || !may_return(part.opaque, facts_.origin)) {
    dropped_.add(path + ".thinking", part.opaque.empty() ? DropReason::unsupported : DropReason::bound);
    return;
  }
  json_.object().member("type", "reasoning");
  if (!part.opaque.id.empty()) json_.text_member("id", part.opaque.id);
  json_.key("summary").array();
  if (!part.text.empty()) {
    json_.object().member("type", "summary_text");
    json_.text_member("text", part.text);
    json_.end_object();
  }
  json_.end_array();
  json_.text_member("encrypted_content", part.opaque.data);
  json_.end_object();
}

Result<void> InputWriter::write_compaction(const Part& part, const std::string& path) {
  if (!part.opaque.empty() && may_return(part.opaque, facts_.origin)) {
    json_.object().member("type", "compaction");
    if (!part.opaque.id.empty()) json_.text_member("id", part.opaque.id);
    json_.text_member("encrypted_content", part.opaque.data);
    json_.end_object();
    return {};
  }
  if (part.text.empty()) return untold(path, "the compacted conversation can be read by its own provider only");
  dropped_.add(path, DropReason::changed);
  write_assistant_text(part.text);
  return {};
}

Result<void> InputWriter::write_results(const Message& message, size_t at) {
  for (size_t i = 0; i < message.parts.size(); ++i) {
    const Part& part = message.parts[i];
    const std::string path = path_of(path_of("messages", at, "content"), i);
    if (part.kind != PartKind::tool_result) return untold(path, "only results of tools are expected here");
    if (Result<void> done = write_result(part, path); !done) return done;
  }
  return {};
}

Result<void> InputWriter::write_result(const Part& result, const std::string& path) {
  drop_marks(result, path);
  if (result.is_error.value_or(false)) dropped_.add(path + ".is_error", DropReason::unsupported);
  const JsonText id = id_of_result(result.id);
  json_.object().member("type", custom_.contains(id.escaped) ? "custom_tool_call_output" : "function_call_output");
  json_.text_member("call_id", id);
  json_.key("output");
  if (result.parts.empty()) {
    json_.value("");
  } else if (result.parts.size() == 1 && is_text(result.parts[0]) && !may_mark(result.parts[0])) {
    drop_marks(result.parts[0], path + ".content[0]");
    json_.text(result.parts[0].text);
  } else if (Result<void> done = write_content(result.parts, path + ".content"); !done) {
    return done;
  }
  json_.end_object();
  return {};
}

Result<void> InputWriter::write_content(const std::vector<Part>& parts, const std::string& path) {
  json_.array();
  for (size_t i = 0; i < parts.size(); ++i) {
    const std::string here = path_of(path, i);
    const bool is_marked = takes_mark(parts[i]);
    drop_marks(parts[i], here, is_marked);
    if (Result<void> done = write_part(parts[i], here, is_marked); !done) return done;
  }
  json_.end_array();
  return {};
}

Result<void> InputWriter::write_part(const Part& part, const std::string& path, bool is_marked) {
  switch (part.kind) {
    case PartKind::text:
    case PartKind::refusal:
      json_.object().member("type", "input_text");
      json_.text_member("text", part.text);
      if (is_marked) write_mark();
      json_.end_object();
      return {};
    case PartKind::image:
      return write_image(part, path, is_marked);
    case PartKind::document:
      return write_document(part, path, is_marked);
    case PartKind::audio:
      return untold(path, "the target takes no sound");
    case PartKind::video:
      return untold(path, "the target takes no video");
    default:
      return untold(path, "the target has no such content" +
                              (part.other_type.empty() ? "" : " ('" + std::string(part.other_type) + "')"));
  }
}

Result<void> InputWriter::write_image(const Part& part, const std::string& path, bool is_marked) {
  json_.object().member("type", "input_image");
  switch (part.source.kind) {
    case Source::Kind::base64: {
      std::string url;
      append_data_url(url, part.source);
      json_.text_member("image_url", JsonText{url});
      break;
    }
    case Source::Kind::url:
      if (!facts_.takes_image_urls) return untold(path, "the target takes images as data only, not by URL");
      json_.text_member("image_url", part.source.data);
      break;
    case Source::Kind::file_id:
      if (maker_of(request_.from) != maker_of(facts_.origin.dialect)) {
        return untold(path, "the file is known to its own provider only");
      }
      json_.text_member("file_id", part.source.data);
      break;
    default:
      return untold(path, "the image has no data");
  }
  json_.member("detail", part.detail.empty() ? "auto" : part.detail);
  if (is_marked) write_mark();
  json_.end_object();
  return {};
}

Result<void> InputWriter::write_document(const Part& part, const std::string& path, bool is_marked) {
  if (const std::optional<std::string> text = text_of_document(part)) {
    json_.object().member("type", "input_text");
    json_.text_member("text", JsonText{*text});
    if (is_marked) write_mark();
    json_.end_object();
    return {};
  }
  if (!part.context.empty()) dropped_.add(path + ".context", DropReason::unsupported);
  if (!facts_.takes_documents) return untold(path, "the target takes no documents");
  json_.object().member("type", "input_file");
  switch (part.source.kind) {
    case Source::Kind::base64: {
      std::string url;
      append_data_url(url, part.source);
      json_.text_member("filename", part.title.empty() ? JsonText{"document.pdf"} : part.title);
      json_.text_member("file_data", JsonText{url});
      break;
    }
    case Source::Kind::url:
      json_.text_member("file_url", part.source.data);
      break;
    case Source::Kind::file_id:
      if (maker_of(request_.from) != maker_of(facts_.origin.dialect)) {
        return untold(path, "the file is known to its own provider only");
      }
      json_.text_member("file_id", part.source.data);
      break;
    default:
      return untold(path, "the document has no data");
  }
  if (is_marked) write_mark();
  json_.end_object();
  return {};
}

bool InputWriter::takes_mark(const Part& part) {
  if (part.cache_mark.empty() || !facts_.takes_cache_breakpoints || breakpoints_ == max_cache_breakpoints) return false;
  ++breakpoints_;
  return true;
}

void InputWriter::write_mark() {
  json_.key("prompt_cache_breakpoint").object().member("mode", "explicit").end_object();
}

void InputWriter::drop_marks(const Part& part, const std::string& path, bool is_marked) {
  if (!part.cache_mark.empty() && !is_marked) dropped_.add(path + ".cache_control", DropReason::unsupported);
  if (!part.citations.empty()) dropped_.add(path + ".citations", DropReason::unsupported);
}

JsonText InputWriter::short_id(JsonText id) {
  return id.escaped.size() <= max_call_id_bytes ? id : ids_.shorten(id, {max_call_id_bytes, false, false});
}

JsonText InputWriter::made_id() { return {arena_.keep("call_" + std::to_string(++made_ids_))}; }

JsonText InputWriter::id_of_call(JsonText id) {
  if (!id.empty()) return short_id(id);
  unnamed_.push_back(made_id());
  return unnamed_.back();
}

JsonText InputWriter::id_of_result(JsonText id) {
  if (!id.empty()) return short_id(id);
  if (unnamed_.empty()) return made_id();
  const JsonText made = unnamed_.front();
  unnamed_.erase(unnamed_.begin());
  return made;
}

}  // namespace sluice::api::responses
