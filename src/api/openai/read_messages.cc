#include "api/openai/read_messages.h"

#include <algorithm>
#include <array>
#include <utility>

#include "api/own_places.h"
#include "base/text.h"

namespace sluice::api::openai {
namespace {

// Encrypted reasoning with the id of a call belongs to the call.
bool is_of_call(JsonValue entry, JsonValue calls) {
  const JsonText id = entry["id"].text();
  if (id.empty() || entry["type"].word() != "reasoning.encrypted") return false;
  for (const JsonValue call : calls) {
    if (call["id"].text() == id) return true;
  }
  return false;
}

}  // namespace

void ChatMessagesReader::read(JsonValue messages) {
  const ChatPlace all{nullptr, "messages", {}};
  size_t index = 0;
  PlaceMarker places(request_);
  for (const JsonValue message : reader_.array(messages, all)) {
    const ChatPlace place{nullptr, "messages", index};
    if (message.is_object()) {
      read_message(message, place);
    } else {
      reader_.wrong(place, "must be an object");
    }
    places.mark(index++);
  }
}

void ChatMessagesReader::read_message(JsonValue message, const ChatPlace& place) {
  const std::string_view role = message["role"].word();
  if (role == "system" || role == "developer") return read_system(message, place, role == "developer");
  if (role == "user") return read_user(message, place);
  if (role == "assistant") return read_assistant(message, place);
  if (role == "tool" || role == "function") return read_result(message, place, role == "function");
  reader_.wrong({&place, "role", {}}, "must be system, developer, user, assistant or tool");
}

// A mark on a message applies to its last part.
void ChatMessagesReader::mark_last(std::vector<Part>& parts, JsonValue cache_control) {
  if (cache_control.is_object() && !parts.empty() && parts.back().cache_mark.empty()) {
    parts.back().cache_mark = cache_control.raw();
  }
}

// System messages at the beginning become Request::system.
void ChatMessagesReader::read_system(JsonValue message, const ChatPlace& place, bool is_developer) {
  static constexpr std::array<std::string_view, 4> names = {"role", "content", "name", "cache_control"};
  Message read;
  const auto [role, content, name, mark] = reader_.members(message, names, place, read.bag);
  read.role = Role::system;
  read.is_developer = is_developer;
  read.was_string = content.is_string();
  read.name = reader_.text(name, {&place, "name", {}});
  read.raw = message.raw();
  read_content(content, {&place, "content", {}}, read.parts);
  mark_last(read.parts, mark);
  if (!request_.messages.empty()) {
    request_.messages.push_back(std::move(read));
    return;
  }
  request_.system_was_string = request_.system.empty() && read.was_string;
  if (name.has_value()) reader_.leave(read.bag, name);
  if (!read.parts.empty()) {
    Bag& bag = read.parts.back().bag;
    bag.insert(bag.end(), read.bag.begin(), read.bag.end());
  } else {
    request_.bag.insert(request_.bag.end(), read.bag.begin(), read.bag.end());
  }
  std::move(read.parts.begin(), read.parts.end(), std::back_inserter(request_.system));
}

void ChatMessagesReader::read_user(JsonValue message, const ChatPlace& place) {
  static constexpr std::array<std::string_view, 4> names = {"role", "content", "name", "cache_control"};
  Message& read = request_.messages.emplace_back();
  const auto [role, content, name, mark] = reader_.members(message, names, place, read.bag);
  read.role = Role::user;
  read.was_string = content.is_string();
  read.name = reader_.text(name, {&place, "name", {}});
  read.raw = message.raw();
  read_content(content, {&place, "content", {}}, read.parts);
  mark_last(read.parts, mark);
}

void ChatMessagesReader::read_assistant(JsonValue message, const ChatPlace& place) {
  static constexpr std::array<std::string_view, 12> names = {"role",
                                                             "content",
                                                             "name",
                                                             "refusal",
                                                             "tool_calls",
                                                             "function_call",
                                                             "reasoning_details",
                                                             "reasoning_content",
                                                             "reasoning",
                                                             "reasoning_text",
                                                             "audio",
                                                             "cache_control"};
  Message& read = request_.messages.emplace_back();
  const auto [role, content, name, refusal, calls, function_call, details, text, other_text, third_text, audio, mark] =
      reader_.members(message, names, place, read.bag);
  read.role = Role::assistant;
  read.was_string = content.is_string();
  read.name = reader_.text(name, {&place, "name", {}});
  read.raw = message.raw();
  open_calls_.clear();
  const JsonValue thought = text.is_string() ? text : other_text.is_string() ? other_text : third_text;
  read_thinking(details, thought, calls, place, read);
  read_content(content, {&place, "content", {}}, read.parts);
  if (const JsonText words = reader_.text(refusal, {&place, "refusal", {}}); !words.empty()) {
    read.parts.emplace_back().kind = PartKind::refusal;
    read.parts.back().text = words;
  }
  if (reader_.object(audio, {&place, "audio", {}}).exists()) {  // an earlier answer's, which its maker has stored
    Part& sound = read.parts.emplace_back();
    sound.kind = PartKind::other;
    sound.other_type = "audio";
    sound.raw = audio.raw();
  }
  mark_last(read.parts, mark);
  size_t index = 0;
  for (const JsonValue call : reader_.array(calls, {&place, "tool_calls", {}})) {
    const size_t before = read.parts.size();
    read_call(call, {&place, "tool_calls", index}, read);
    if (read.parts.size() > before)
      read.parts.back().place = {OwnPlace::none, static_cast<uint32_t>(index), "tool_calls"};
    ++index;
  }
  if (function_call.has_value()) read_function_call(function_call, {&place, "function_call", {}}, read);
  for (const JsonValue entry : details) {
    if (entry["type"].word() != "reasoning.encrypted" || entry["id"].text().empty()) continue;
    for (Part& part : read.parts) {
      if (part.kind != PartKind::tool_call || !(part.id == entry["id"].text())) continue;
      part.opaque = opaque_of(entry["data"].text(), entry["format"], entry["id"]);
    }
  }
}

// --- thinking ---

// The details hold everything; the plain text is for programs that do not know them.
void ChatMessagesReader::read_thinking(JsonValue details, JsonValue text, JsonValue calls, const ChatPlace& place,
                                       Message& message) {
  std::vector<Thought> thoughts;
  size_t index = 0;
  const ChatPlace list{&place, "reasoning_details", {}};
  for (const JsonValue entry : reader_.array(details, list)) {
    const ChatPlace here{&place, "reasoning_details", index++};
    if (!is_of_call(entry, calls)) read_detail(entry, here, thoughts);
  }
  const bool has_text =
      std::any_of(thoughts.begin(), thoughts.end(), [](const Thought& thought) { return !thought.text.empty(); });
  if (!has_text && !text.text().empty()) {
    const bool goes_with = thoughts.size() == 1 && thoughts.front().part.opaque.origin.dialect == Dialect::openai;
    if (!goes_with) thoughts.insert(thoughts.begin(), Thought{});
    thoughts.front().part.kind = PartKind::thinking;
    thoughts.front().part.text = text.text();
  }
  for (Thought& thought : thoughts) {
    if (!thought.text.empty()) thought.part.text = JsonText{request_.arena.keep(std::move(thought.text))};
    thought.part.place.member = "reasoning_content";
    message.parts.push_back(std::move(thought.part));
  }
}

// Pieces of one stream have the same index, and each has more of the text.
void ChatMessagesReader::read_detail(JsonValue entry, const ChatPlace& place, std::vector<Thought>& thoughts) {
  static constexpr std::array<std::string_view, 8> names = {"type",      "text",   "summary", "data",
                                                            "signature", "format", "id",      "index"};
  if (!entry.is_object()) return reader_.wrong(place, "must be an object");
  Bag bag;
  const auto [type_value, text, summary, data, signature, format, id, number] =
      reader_.members(entry, names, place, bag);
  const std::string_view type = reader_.word(type_value, {&place, "type", {}});
  const std::optional<uint64_t> index = number.count();
  Thought* const last = thoughts.empty() ? nullptr : &thoughts.back();
  const bool same = last != nullptr && index && last->index == index;
  const bool is_summary = type == "reasoning.summary";
  if (type == "reasoning.encrypted") {
    const JsonText opaque = reader_.text(data, {&place, "data", {}});
    const bool is_own = !same || !last->part.opaque.empty();
    Thought& thought = is_own ? thoughts.emplace_back() : *last;
    if (is_own) thought.part.kind = PartKind::redacted;
    thought.part.opaque = opaque_of(opaque, format, id);
    thought.index = index;
  } else if (is_summary || type == "reasoning.text") {
    const bool goes_on = same && last->part.kind == PartKind::thinking && last->part.is_summary == is_summary;
    Thought& thought = goes_on ? *last : thoughts.emplace_back();
    thought.part.kind = PartKind::thinking;
    thought.part.is_summary = is_summary;
    thought.index = index;
    thought.text += is_summary ? reader_.text(summary, {&place, "summary", {}}).escaped
                               : reader_.text(text, {&place, "text", {}}).escaped;
    if (const JsonText sign = reader_.text(signature, {&place, "signature", {}}); !sign.empty()) {
      thought.part.opaque = opaque_of(sign, format, id);
    }
  } else {
    reader_.leave(request_.messages.back().bag, entry, "reasoning_details");
    return;
  }
  Bag& kept = thoughts.back().part.bag;
  kept.insert(kept.end(), bag.begin(), bag.end());
}

Opaque ChatMessagesReader::opaque_of(JsonText data, JsonValue format, JsonValue id) {
  Opaque opaque = unwrap(data, Dialect::openai);
  if (!(opaque.data == data)) return opaque;
  const DetailName name{format.word(), id.word(), false};
  if (!name.format.empty() || !name.id.empty()) opaque.id = JsonText{request_.arena.keep(opaque_id_of(name))};
  return opaque;
}

// --- calls and their results ---

void ChatMessagesReader::read_call(JsonValue call, const ChatPlace& place, Message& message) {
  static constexpr std::array<std::string_view, 6> names = {"id",     "type",  "function",
                                                            "custom", "index", "extra_content"};
  if (!call.is_object()) return reader_.wrong(place, "must be an object");
  Part& part = message.parts.emplace_back();
  const auto [id, type_value, function, custom, index, extra] = reader_.members(call, names, place, part.bag);
  const std::string_view type = reader_.word(type_value, {&place, "type", {}});
  part.raw = call.raw();
  if (!type.empty() && type != "function" && type != "custom") {
    part.kind = PartKind::other;
    part.other_type = type;
    return;
  }
  part.kind = PartKind::tool_call;
  part.id = reader_.text(id, {&place, "id", {}});
  if (part.id.empty()) part.id = JsonText{request_.arena.keep("call_made_" + std::to_string(ids_made_++))};
  if (type == "custom" || (type.empty() && custom.is_object())) {
    const ChatPlace here{&place, "custom", {}};
    static constexpr std::array<std::string_view, 2> inner = {"name", "input"};
    const auto [name, input] = reader_.members(reader_.object(custom, here), inner, here, part.bag, "custom");
    part.call_kind = CallKind::custom;
    part.name = reader_.text(name, {&here, "name", {}});
    reader_.text(input, {&here, "input", {}});
    part.arguments = input.is_string() ? input.raw() : R"("")";
  } else {
    const ChatPlace here{&place, "function", {}};
    static constexpr std::array<std::string_view, 2> inner = {"name", "arguments"};
    const auto [name, arguments] = reader_.members(reader_.object(function, here), inner, here, part.bag, "function");
    part.name = reader_.text(name, {&here, "name", {}});
    part.arguments = arguments_of(arguments, {&here, "arguments", {}});
  }
  if (part.name.empty()) reader_.wrong(place, "names no function");
  const JsonText signature = extra["google"]["thought_signature"].text();
  if (!signature.empty()) {
    part.opaque = opaque_of(signature, {}, {});
  } else if (extra.has_value()) {
    reader_.leave(part.bag, extra);
  }
  open_calls_.add({part.id, part.name});
}

void ChatMessagesReader::read_function_call(JsonValue call, const ChatPlace& place, Message& message) {
  static constexpr std::array<std::string_view, 2> names = {"name", "arguments"};
  Part& part = message.parts.emplace_back();
  const auto [name, arguments] = reader_.members(reader_.object(call, place), names, place, part.bag);
  part.kind = PartKind::tool_call;
  part.id = JsonText{request_.arena.keep("call_made_" + std::to_string(ids_made_++))};
  part.name = reader_.text(name, {&place, "name", {}});
  part.arguments = arguments_of(arguments, {&place, "arguments", {}});
  open_calls_.add({part.id, part.name});
}

// JSON text in a string; some callers send the object itself.
std::string_view ChatMessagesReader::arguments_of(JsonValue arguments, const ChatPlace& place) {
  if (arguments.is_object()) return arguments.raw();
  return trim(request_.arena.unescape(reader_.text(arguments, place)), white_space);
}

// The call's id for a result. If it names no call: the first call without a result, of that name if one is given.
JsonText ChatMessagesReader::answered(JsonText id, JsonText name) {
  const size_t call = !id.empty()    ? open_calls_.with_id(id)
                      : name.empty() ? open_calls_.first()
                                     : open_calls_.named(name);
  if (call == OpenCalls::none) return id;
  open_calls_.answer(call);
  return open_calls_[call].id;
}

void ChatMessagesReader::read_result(JsonValue message, const ChatPlace& place, bool is_function) {
  static constexpr std::array<std::string_view, 5> names = {"role", "content", "tool_call_id", "name", "cache_control"};
  if (request_.messages.empty() || request_.messages.back().role != Role::tool) {
    request_.messages.emplace_back().role = Role::tool;
  }
  Part& part = request_.messages.back().parts.emplace_back();
  const auto [role, content, id, name, mark] = reader_.members(message, names, place, part.bag);
  part.kind = PartKind::tool_result;
  part.raw = message.raw();
  part.name = reader_.text(name, {&place, "name", {}});
  part.id = answered(is_function ? JsonText{} : reader_.text(id, {&place, "tool_call_id", {}}), part.name);
  if (part.id.empty()) reader_.wrong({&place, "tool_call_id", {}}, "is missing");
  if (mark.is_object()) part.cache_mark = mark.raw();
  read_content(content, {&place, "content", {}}, part.parts);
}

}  // namespace sluice::api::openai
