#include "api/ollama/message_writer.h"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <optional>
#include <vector>

namespace sluice::api::ollama {
namespace {

// Separates texts of different messages, as Ollama does when it joins messages. The parts of an assistant's message
// were one text and are not separated.
constexpr std::string_view blank_line = "\\n\\n";

tl::unexpected<Error> cannot_take(std::string_view path, std::string_view what) {
  return fail(ErrorCode::untranslatable, std::string(path) + ": this target takes no " + std::string(what));
}

}  // namespace

MessageWriter::MessageWriter(const Request& request, const TargetFacts& facts, Dropped& dropped, ToolNames& names,
                             std::string& out, JsonWriter& json)
    : request_(request),
      facts_(facts),
      dropped_(dropped),
      names_(names),
      out_(out),
      json_(json),
      is_own_(request.from == own) {
  size_t number = 0;
  for (const Message& message : request.messages) {
    for (const Part& part : message.parts) {
      if (part.kind == PartKind::tool_call) called_[part.id.escaped] = {part.name, number++};
    }
  }
}

Result<void> MessageWriter::write_all() {
  for (size_t i = 0; i < request_.system.size(); ++i) write_system(request_.system[i], i);
  for (size_t i = 0; i < request_.messages.size(); ++i) {
    const Message& message = request_.messages[i];
    if (is_own_ && !message.raw.empty()) {
      json_.raw(message.raw);
    } else if (const Result<void> done = write_message(message, i); !done) {
      return done;
    }
  }
  return {};
}

void MessageWriter::write_system(const Part& part, size_t index) {
  if (is_own_ && !part.raw.empty()) {
    json_.raw(part.raw);
    return;
  }
  const std::string path = path_of("system", index);
  if (part.kind != PartKind::text) return dropped_.add(path, DropReason::unsupported);
  tell_marks(part, path);
  json_.object().member("role", "system");
  text_member(json_, out_, "content", part.text);
  json_.end_object();
}

Result<void> MessageWriter::write_message(const Message& message, size_t index) {
  const std::string path = path_of("messages", index);
  if (!message.name.empty()) dropped_.add(path + ".name", DropReason::unsupported);
  if (message.role == Role::tool) return write_results(message, path);
  const bool is_assistant = message.role == Role::assistant;
  Said said;
  for (size_t i = 0; i < message.parts.size(); ++i) {
    if (message.parts[i].kind == PartKind::tool_call) said.call_indexes.push_back(i);
    const Result<void> done =
        gather(message.parts[i], path_of(path + ".content", i), is_assistant ? std::string_view() : blank_line, said);
    if (!done) return done;
  }
  tell_order(message, path);
  json_.object().member("role", is_assistant ? "assistant" : message.role == Role::system ? "system" : "user");
  text_member(json_, out_, "content", JsonText{said.text});
  if (!said.thinking.empty()) text_member(json_, out_, "thinking", JsonText{said.thinking});
  write_images(said);
  write_calls(said, path + ".content");
  json_.end_object();
  return {};
}

// Writes one message for each result, in the order of their calls: most models are not shown ids.
Result<void> MessageWriter::write_results(const Message& message, std::string_view path) {
  const auto number_of = [&](size_t index) {
    const auto called = called_.find(message.parts[index].id.escaped);
    return called == called_.end() ? SIZE_MAX : called->second.number;
  };
  std::vector<size_t> order(message.parts.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return number_of(a) < number_of(b); });
  for (const size_t i : order) {
    const Part& result = message.parts[i];
    const std::string here = path_of(std::string(path) + ".content", i);
    tell_marks(result, here);
    if (result.is_error == true) dropped_.add(here + ".is_error", DropReason::unsupported);
    Said said;
    for (size_t k = 0; k < result.parts.size(); ++k) {
      const Result<void> done = gather(result.parts[k], path_of(here + ".content", k), blank_line, said);
      if (!done) return done;
    }
    json_.object().member("role", "tool");
    text_member(json_, out_, "content", JsonText{said.text});
    write_images(said);
    const auto called = called_.find(result.id.escaped);
    const JsonText name = result.name.empty() && called != called_.end() ? called->second.name : result.name;
    if (!name.empty()) text_member(json_, out_, "tool_name", sent_name(name));
    if (!result.id.empty()) text_member(json_, out_, "tool_call_id", result.id);
    json_.end_object();
  }
  return {};
}

Result<void> MessageWriter::gather(const Part& part, std::string_view path, std::string_view divider, Said& said) {
  tell_marks(part, path);
  switch (part.kind) {
    case PartKind::text:
    case PartKind::refusal:
      add_text(part.text, divider, said);
      return {};
    case PartKind::image:
      return gather_image(part, path, said);
    case PartKind::document:
      return gather_document(part, path, divider, said);
    case PartKind::tool_call:
      said.calls.push_back(&part);
      return {};
    case PartKind::thinking:
    case PartKind::redacted:
      gather_thinking(part, path, said);
      return {};
    case PartKind::compaction:
      if (part.text.empty()) return cannot_take(path, "compacted conversation of another provider");
      add_text(part.text, blank_line, said);
      return {};
    case PartKind::audio:
      return cannot_take(path, "sound");
    case PartKind::video:
      return cannot_take(path, "video");
    case PartKind::tool_result:
    case PartKind::other:
      return cannot_take(path, "content of type '" + std::string(part.other_type) + "'");
  }
  return {};
}

void MessageWriter::add_text(JsonText text, std::string_view divider, Said& said) {
  if (!said.text.empty() && !text.empty()) said.text += divider;
  said.text += text.escaped;
}

Result<void> MessageWriter::gather_image(const Part& part, std::string_view path, Said& said) {
  if (part.source.kind != Source::Kind::base64) return cannot_take(path, "image but as base64 data");
  if (!part.detail.empty() && part.detail != "auto") {
    dropped_.add(std::string(path) + ".detail", DropReason::unsupported);
  }
  said.images.push_back(part.source.data);
  return {};
}

Result<void> MessageWriter::gather_document(const Part& part, std::string_view path, std::string_view divider,
                                            Said& said) {
  const std::optional<std::string> text = text_of_document(part);
  if (!text) return cannot_take(path, "document but as plain text");
  add_text(JsonText{*text}, divider, said);
  return {};
}

// The text is kept; the signature has no place.
void MessageWriter::gather_thinking(const Part& part, std::string_view path, Said& said) {
  if (part.text.empty()) return dropped_.add(path, DropReason::bound);
  if (!said.thinking.empty()) said.thinking += blank_line;
  said.thinking += part.text.escaped;
  if (!part.opaque.empty()) dropped_.add(std::string(path) + ".signature", DropReason::bound);
}

void MessageWriter::tell_marks(const Part& part, std::string_view path) {
  if (!part.cache_mark.empty()) dropped_.add(std::string(path) + ".cache_control", DropReason::unsupported);
  if (!part.citations.empty()) dropped_.add(std::string(path) + ".citations", DropReason::unsupported);
}

// Ollama's messages have thinking before text before calls, and pictures apart from the text. Reports a changed order.
void MessageWriter::tell_order(const Message& message, std::string_view path) {
  const auto rank = [](const Part& part) {
    switch (part.kind) {
      case PartKind::thinking:
        return 0;
      case PartKind::tool_call:
        return 2;
      default:
        return 1;
    }
  };
  const auto is_image = [](const Part& part) { return part.kind == PartKind::image; };
  int highest = 0;
  unsigned changes = 0;  // switches between text and pictures
  bool disordered = false;
  for (size_t i = 0; i < message.parts.size(); ++i) {
    disordered = disordered || rank(message.parts[i]) < highest;
    highest = std::max(highest, rank(message.parts[i]));
    if (i != 0 && is_image(message.parts[i]) != is_image(message.parts[i - 1])) ++changes;
  }
  if (disordered || changes > 1) dropped_.add(std::string(path) + ".content", DropReason::changed);
}

void MessageWriter::write_images(const Said& said) {
  if (said.images.empty()) return;
  json_.key("images").array();
  for (const JsonText image : said.images) {
    json_.raw("\"");
    out_.append(image.escaped).append("\"");
  }
  json_.end_array();
}

void MessageWriter::write_calls(const Said& said, std::string_view path) {
  if (said.calls.empty()) return;
  json_.key("tool_calls").array();
  for (size_t i = 0; i < said.calls.size(); ++i) {
    const Part& call = *said.calls[i];
    const std::string here = path_of(path, said.call_indexes[i]);
    if (!call.opaque.empty()) dropped_.add(here + ".signature", DropReason::bound);
    json_.object();
    if (!call.id.empty()) text_member(json_, out_, "id", call.id);
    json_.key("function").object().member("index", i);
    text_member(json_, out_, "name", sent_name(call.name));
    json_.key("arguments");
    if (call.call_kind == CallKind::custom && call.arguments.starts_with('"')) {
      json_.object().key("input").raw(call.arguments).end_object();
    } else {
      append_arguments_object(out_, call.arguments, here + ".arguments", dropped_);
    }
    json_.end_object().end_object();
  }
  json_.end_array();
}

}  // namespace sluice::api::ollama
