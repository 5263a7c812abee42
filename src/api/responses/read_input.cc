#include "api/responses/read_input.h"

#include <algorithm>
#include <utility>

#include "api/own_places.h"
#include "api/responses/read_tools.h"
#include "base/base64.h"

namespace sluice::api::responses {
namespace {

// Calls that the caller's program runs itself, and their names as functions.
struct RunCall {
  std::string_view type, name, member;
};
constexpr RunCall run_calls[] = {{"local_shell_call", "local_shell", "action"},
                                 {"shell_call", "shell", "action"},
                                 {"apply_patch_call", "apply_patch", "operation"},
                                 {"computer_call", "computer", "action"}};

// What the provider ran itself: the answer has its result.
constexpr std::string_view asides[] = {"web_search_call", "mcp_list_tools", "mcp_approval_request",
                                       "mcp_approval_response", "configuration_update"};
// The same, but these may have their result as text.
constexpr std::string_view hosted[] = {"file_search_call", "code_interpreter_call", "mcp_call"};
// References to something that only the provider has.
constexpr std::string_view demanding[] = {"item_reference", "compaction_trigger"};

template <typename List>
bool has_word(const List& list, std::string_view word) {
  return std::find(std::begin(list), std::end(list), word) != std::end(list);
}

// Members of an item that mean nothing to other dialects: its id, and that it is whole.
bool is_idle(JsonValue member) { return !member.has_value() || member.named("id") || member.named("status"); }

// The text from the beginning of `first` to the end of `last`; both are in the same body.
std::string_view joined(std::string_view first, std::string_view last) {
  return {first.data(), static_cast<size_t>(last.data() + last.size() - first.data())};
}

void carry_rest(Bag& bag, JsonValue item, std::initializer_list<std::string_view> known) {
  for (const JsonValue member : item) {
    const auto is_it = [&](std::string_view name) { return member.named(name); };
    if (is_idle(member) || member.named("type") || std::any_of(known.begin(), known.end(), is_it)) continue;
    carry(bag, member);
  }
}

// A file's data is a data: URL or just base64.
Source source_in(std::string_view member, JsonText text, TextArena& arena) {
  if (member == "file_id") return {Source::Kind::file_id, {}, text};
  if (const std::optional<Source> data = source_of_data_url(text, arena)) return *data;
  if (member == "file_data") return {Source::Kind::base64, sniff_media_type(text.escaped), text};
  return {Source::Kind::url, {}, text};
}

}  // namespace

Result<void> InputReader::read(JsonValue input) {
  system_parts_ = request_.system.size();
  if (input.is_string()) {
    Message& message = request_.messages.emplace_back();
    message.was_string = true;
    message.raw = input.raw();
    message.parts.emplace_back().text = input.text();
    return {};
  }
  if (!input.is_array()) return wrong_type("input", "a string or a list");
  items_ = input.size();
  PlaceMarker places(request_);
  for (const JsonValue item : input) {
    if (!item.is_object()) return wrong_type(here(), "an object");
    if (Result<void> done = read_item(item); !done) return done;
    places.mark(index_++);
  }
  finish(input);
  return {};
}

Result<void> InputReader::read_item(JsonValue item) {
  std::string_view type = item["type"].word();
  if (type.empty()) type = item["role"].exists() ? "message" : "item_reference";
  if (type == "message") return read_message(item);
  if (has_word(hosted, type)) return read_hosted(item, type);
  if (type == "function_call") return read_call(item, CallKind::function);
  if (type == "custom_tool_call") return read_call(item, CallKind::custom);
  if (type == "reasoning") return read_reasoning(item);
  if (type == "compaction") return read_compaction(item);
  if (type == made_image) return read_made_image(item);
  if (type == "additional_tools") return read_more_tools(item);
  if (type == "tool_search_call" || type == "tool_search_output") return read_search(item);
  if (type.ends_with("_call_output")) return read_output(item);
  for (const RunCall& call : run_calls) {
    if (call.type == type) return read_run_call(item, call.name, call.member);
  }
  if (type == "compaction_trigger" && index_ + 1 == items_) {
    request_.compacts = true;
    set_aside(item, {});
    return {};
  }
  if (has_word(demanding, type)) {
    request_.demands.push_back({here(), "(" + std::string(type) + ") refers to something only its provider has"});
  }
  if (has_word(demanding, type) || has_word(asides, type)) {
    set_aside(item, type);
    return {};
  }
  Part& part = message_for(Role::assistant, item).parts.emplace_back();
  part.kind = PartKind::other;
  part.other_type = type;
  part.raw = item.raw();
  return {};
}

// --- where items belong ---

Message& InputReader::message_for(Role role, JsonValue item) {
  is_leading_ = false;
  std::vector<Message>& messages = request_.messages;
  const bool goes_on = !messages.empty() && messages.back().role == role && role != Role::user && role != Role::system;
  if (!goes_on) messages.emplace_back().role = role;
  Message& message = messages.back();
  const std::string_view first = !message.raw.empty() ? message.raw : !aside_.empty() ? aside_ : item.raw();
  message.raw = joined(first, item.raw());
  message.bag.insert(message.bag.end(), aside_bag_.begin(), aside_bag_.end());
  aside_ = {};
  aside_bag_.clear();
  return message;
}

void InputReader::set_aside(JsonValue item, std::string_view name) {
  aside_ = joined(aside_.empty() ? item.raw() : aside_, item.raw());
  if (!name.empty()) aside_bag_.push_back({JsonText{name}, item.raw(), static_cast<uint32_t>(index_)});
}

// What follows the last message belongs to it. If there is no message, the system's text is the conversation.
void InputReader::finish(JsonValue input) {
  std::vector<Message>& messages = request_.messages;
  if (messages.empty() && request_.system.size() > system_parts_) {
    const auto first = request_.system.begin() + static_cast<std::ptrdiff_t>(system_parts_);
    Message& message = messages.emplace_back();
    message.role = Role::system;
    message.raw = aside_;
    message.parts.assign(std::make_move_iterator(first), std::make_move_iterator(request_.system.end()));
    request_.system.erase(first, request_.system.end());
  }
  if (messages.empty()) {
    if (!aside_.empty()) request_.bag.push_back({JsonText{"input"}, input.raw()});
    return;
  }
  if (!aside_.empty()) messages.back().raw = joined(messages.back().raw, aside_);
  messages.back().bag.insert(messages.back().bag.end(), aside_bag_.begin(), aside_bag_.end());
}

// --- messages ---

Result<void> InputReader::read_message(JsonValue item) {
  const std::string_view word = item["role"].word();
  Role role = Role::user;
  if (word == "assistant") {
    role = Role::assistant;
  } else if (word == "system" || word == "developer") {
    role = Role::system;
  } else if (word != "user") {
    return fail(ErrorCode::bad_request, here("role") + ": expected 'user', 'assistant', 'system' or 'developer'");
  }
  const JsonValue content = item["content"];
  std::vector<Part> parts;
  if (content.is_string()) {
    parts.emplace_back().text = content.text();
  } else if (!content.is_array()) {
    return wrong_type(here("content"), "a string or a list");
  } else if (Result<void> done = read_content(content, role == Role::assistant, parts); !done) {
    return done;
  }
  Bag bag;
  carry_rest(bag, item, {"role", "content"});
  const auto is_text = [](const Part& part) { return part.kind == PartKind::text; };
  if (role == Role::system && is_leading_ && !parts.empty() && std::all_of(parts.begin(), parts.end(), is_text)) {
    parts.front().bag.insert(parts.front().bag.end(), bag.begin(), bag.end());
    std::move(parts.begin(), parts.end(), std::back_inserter(request_.system));
    set_aside(item, {});
    return {};
  }
  Message& message = message_for(role, item);
  message.is_developer = word == "developer";
  message.was_string = content.is_string();
  message.bag.insert(message.bag.end(), bag.begin(), bag.end());
  std::move(parts.begin(), parts.end(), std::back_inserter(message.parts));
  return {};
}

Result<void> InputReader::read_content(JsonValue content, bool is_assistant, std::vector<Part>& parts) {
  size_t index = 0;
  for (const JsonValue value : content) {
    Result<Part> part = read_part(value, is_assistant, path_of(here("content"), index++));
    if (!part) return tl::unexpected(part.error());
    part->place.part = static_cast<uint32_t>(index - 1);
    parts.push_back(std::move(*part));
  }
  return {};
}

Result<Part> InputReader::read_part(JsonValue value, bool is_assistant, const std::string& path) {
  if (!value.is_object()) return wrong_type(path, "an object");
  const std::string_view type = value["type"].word();
  if (type == "input_image" || type == "computer_screenshot") return read_image(value, path);
  if (type == "input_file") return read_file(value, path);
  if (type == "input_audio") return read_audio(value, path);
  Part part;
  part.raw = value.raw();
  if (type == "input_text" || type == "output_text" || type == "text" || (type == "refusal" && is_assistant)) {
    const std::string_view name = type == "refusal" ? "refusal" : "text";
    if (!value[name].is_string()) return wrong_type(path + "." + std::string(name), "a string");
    if (type == "refusal") part.kind = PartKind::refusal;
    part.text = value[name].text();
    for (const JsonValue member : value) {
      if (member.named("annotations") && !member.empty()) part.citations = member.raw();
      const bool is_empty_list = member.is_array() && member.empty();
      if (is_empty_list || member.named("annotations") || member.named(name) || member.named("type")) continue;
      if (member.named("prompt_cache_breakpoint")) {
        part.cache_mark = R"({"type":"ephemeral"})";
      } else if (member.has_value()) {
        carry(part.bag, member);
      }
    }
    return part;
  }
  part.kind = PartKind::other;
  part.other_type = type;
  return part;
}

Result<Part> InputReader::read_image(JsonValue value, const std::string& path) {
  Part part;
  part.kind = PartKind::image;
  part.raw = value.raw();
  part.detail = value["detail"].word();
  for (const std::string_view name : {"image_url", "file_id"}) {
    const Result<JsonText> text = text_in(value, name, path);
    if (!text) return tl::unexpected(text.error());
    if (text->empty()) continue;
    part.source = source_in(name, *text, request_.arena);
    break;
  }
  if (value["prompt_cache_breakpoint"].has_value()) part.cache_mark = R"({"type":"ephemeral"})";
  carry_rest(part.bag, value, {"image_url", "file_id", "detail", "prompt_cache_breakpoint"});
  return part;
}

Result<Part> InputReader::read_file(JsonValue value, const std::string& path) {
  Part part;
  part.kind = PartKind::document;
  part.raw = value.raw();
  const Result<JsonText> title = text_in(value, "filename", path);
  if (!title) return tl::unexpected(title.error());
  part.title = *title;
  for (const std::string_view name : {"file_data", "file_url", "file_id"}) {
    const Result<JsonText> text = text_in(value, name, path);
    if (!text) return tl::unexpected(text.error());
    if (text->empty()) continue;
    part.source = source_in(name, *text, request_.arena);
    break;
  }
  if (value["prompt_cache_breakpoint"].has_value()) part.cache_mark = R"({"type":"ephemeral"})";
  carry_rest(part.bag, value, {"file_data", "file_url", "file_id", "filename", "prompt_cache_breakpoint"});
  return part;
}

Result<Part> InputReader::read_audio(JsonValue value, const std::string& path) {
  const JsonValue audio = value["input_audio"];
  if (!audio.is_object()) return wrong_type(path + ".input_audio", "an object");
  const Result<JsonText> data = text_in(audio, "data", path + ".input_audio");
  if (!data) return tl::unexpected(data.error());
  Part part;
  part.kind = PartKind::audio;
  part.raw = value.raw();
  const std::string_view format = audio["format"].word();
  const std::string type = format == "mp3" ? "audio/mpeg" : "audio/" + std::string(format);
  part.source = {Source::Kind::base64, format.empty() ? sniff_media_type(data->escaped) : request_.arena.keep(type),
                 *data};
  carry_rest(part.bag, value, {"input_audio"});
  return part;
}

// --- what the assistant did ---

Result<void> InputReader::read_call(JsonValue item, CallKind kind) {
  const std::string_view member = kind == CallKind::custom ? "input" : "arguments";
  for (const std::string_view name : {std::string_view("call_id"), std::string_view("name"), member}) {
    if (!item[name].is_string()) return wrong_type(here(name), "a string");
  }
  const Result<JsonText> space = text_in(item, "namespace", here());
  if (!space) return tl::unexpected(space.error());
  Part& part = message_for(Role::assistant, item).parts.emplace_back();
  part.kind = PartKind::tool_call;
  part.call_kind = kind;
  part.raw = item.raw();
  part.id = item["call_id"].text();
  part.name = scoped_name(*space, item["name"].text(), request_);
  part.arguments = kind == CallKind::custom ? item[member].raw() : request_.arena.unescape(item[member].text());
  part.opaque = std::exchange(of_next_call_, {});
  carry_rest(part.bag, item, {"call_id", "name", "namespace", member});
  return {};
}

Result<void> InputReader::read_run_call(JsonValue item, std::string_view name, std::string_view member) {
  const Result<JsonText> id = text_in(item, "call_id", here());
  if (!id) return tl::unexpected(id.error());
  Part& part = message_for(Role::assistant, item).parts.emplace_back();
  part.kind = PartKind::tool_call;
  part.raw = item.raw();
  part.id = *id;
  part.name = JsonText{name};
  part.arguments = item[member].raw();
  carry_rest(part.bag, item, {"call_id", member});
  return {};
}

Result<void> InputReader::read_reasoning(JsonValue item) {
  const Result<JsonText> encrypted = text_in(item, "encrypted_content", here());
  if (!encrypted) return tl::unexpected(encrypted.error());
  Opaque opaque;
  if (!encrypted->empty()) {
    opaque = unwrap(*encrypted, request_.from);
    if (opaque.data == *encrypted) opaque.id = item["id"].text();
  }
  Message& message = message_for(Role::assistant, item);
  if (opaque.id.escaped == of_next_call && opaque.origin.dialect != request_.from) {
    opaque.id = {};
    of_next_call_ = std::move(opaque);
    return {};
  }
  Part& part = message.parts.emplace_back();
  part.kind = PartKind::thinking;
  part.raw = item.raw();
  part.is_summary = item["content"].empty();
  std::string text;
  size_t pieces = 0;
  for (const JsonValue piece : item[part.is_summary ? "summary" : "content"]) {
    if (!piece["text"].is_string()) return wrong_type(here(part.is_summary ? "summary" : "content"), "a list of texts");
    if (pieces++ != 0) text += between_pieces;
    text += piece["text"].text().escaped;
    carry_rest(part.bag, piece, {"text"});
  }
  if (opaque.id.escaped == of_redacted && opaque.origin.dialect != request_.from) {
    opaque.id = {};
    part.kind = PartKind::redacted;
  }
  part.text = JsonText{request_.arena.keep(std::move(text))};
  part.opaque = std::move(opaque);
  carry_rest(part.bag, item, {"summary", "content", "encrypted_content"});
  return {};
}

// A picture of the assistant's. Without a result, the item is set aside like other work of the provider's.
Result<void> InputReader::read_made_image(JsonValue item) {
  const Result<JsonText> data = text_in(item, "result", here());
  if (!data) return tl::unexpected(data.error());
  if (data->empty()) {
    set_aside(item, item["type"].word());
    return {};
  }
  Part& part = message_for(Role::assistant, item).parts.emplace_back();
  part.kind = PartKind::image;
  part.raw = item.raw();
  part.source = {Source::Kind::base64, sniff_media_type(data->escaped), *data};
  carry_rest(part.bag, item, {"result"});
  return {};
}

Result<void> InputReader::read_compaction(JsonValue item) {
  const Result<JsonText> encrypted = text_in(item, "encrypted_content", here());
  if (!encrypted) return tl::unexpected(encrypted.error());
  Opaque opaque = unwrap(*encrypted, request_.from);
  if (opaque.id.escaped == of_summary && opaque.data != *encrypted) {
    if (const std::optional<std::string> summary = base64_decoded(opaque.data.escaped)) {
      return read_summary(item, *summary);
    }
  }
  Part& part = message_for(Role::assistant, item).parts.emplace_back();
  part.kind = PartKind::compaction;
  part.raw = item.raw();
  part.opaque = std::move(opaque);
  if (part.opaque.data == *encrypted) part.opaque.id = item["id"].text();
  carry_rest(part.bag, item, {"encrypted_content"});
  return {};
}

// A summary that one of our targets made of the earlier conversation becomes ordinary text.
Result<void> InputReader::read_summary(JsonValue item, std::string_view summary) {
  constexpr std::string_view heading = "Summary of the conversation so far:\n\n";
  std::string text;
  append_json_escaped(text, heading);
  append_json_escaped(text, summary);
  Part& part = message_for(Role::user, item).parts.emplace_back();
  part.raw = item.raw();
  part.text = JsonText{request_.arena.keep(std::move(text))};
  return {};
}

// What the model wrote and what came of it: code and its logs, arguments and the output, what was found in files.
Result<void> InputReader::read_hosted(JsonValue item, std::string_view type) {
  std::string text;
  const auto add = [&text](JsonText line) {
    if (!line.empty()) (text += text.empty() ? "" : R"(\n)") += line.escaped;
  };
  const JsonText printed = item["output"].text();
  for (const JsonValue one : item["outputs"]) add(one["logs"].text());
  for (const JsonValue one : item["results"]) add(one["text"].text());
  add(printed);
  add(item["error"].is_string() ? item["error"].text() : item["error"]["message"].text());
  std::string asked;
  for (const std::string_view name : {"name", "arguments", "code"}) {
    const JsonText one = item[name].text();
    if (!one.empty()) (asked += asked.empty() ? "" : R"(\n)") += one.escaped;
  }
  if (!asked.empty() && !text.empty()) asked += R"(\n[output]\n)";
  Part& part = message_for(Role::assistant, item).parts.emplace_back();
  part.kind = PartKind::other;
  part.other_type = type;
  part.is_hosted = true;
  part.text = JsonText{request_.arena.keep(asked + text)};
  part.raw = item.raw();
  return {};
}

// --- results, and more tools ---

// A text, a list of contents, one content (a screenshot), or something that only this tool has, which becomes its JSON
// as text.
Result<void> InputReader::read_output(JsonValue item) {
  const Result<JsonText> id = text_in(item, "call_id", here());
  if (!id) return tl::unexpected(id.error());
  const JsonValue output = item["output"];
  Part result;
  result.kind = PartKind::tool_result;
  result.id = id->empty() ? item["id"].text() : *id;  // local_shell_call_output names its call this way
  result.raw = item.raw();
  const JsonValue first = output.is_array() && !output.empty() ? *output.begin() : output;
  const bool is_content = first["type"].is_string();
  if (output.is_string()) {
    result.parts.emplace_back().text = output.text();
  } else if (output.is_array() && (is_content || output.empty())) {
    if (Result<void> done = read_content(output, false, result.parts); !done) return done;
  } else if (output.is_object() && is_content) {
    Result<Part> part = read_image(output, here("output"));
    if (!part) return tl::unexpected(part.error());
    result.parts.push_back(std::move(*part));
  } else if (output.is_array() || output.is_object()) {
    result.parts.emplace_back().text = request_.arena.escape(output.raw());
  } else if (output.exists() && !output.is(JsonType::null)) {
    return wrong_type(here("output"), "a string or a list");
  }
  const Result<JsonText> space = text_in(item, "namespace", here());
  const Result<JsonText> name = text_in(item, "name", here());
  if (!space || !name) return tl::unexpected((space ? name : space).error());
  result.name = scoped_name(*space, *name, request_);
  carry_rest(result.bag, item, {"call_id", "output", "name", "namespace"});
  message_for(Role::tool, item).parts.push_back(std::move(result));
  return {};
}

Result<void> InputReader::read_more_tools(JsonValue item) {
  if (Result<void> done = read_tools(item["tools"], here("tools"), request_); !done) return done;
  carry_rest(aside_bag_, item, {"role", "tools"});
  set_aside(item, {});
  return {};
}

// What the caller's program found is a result, and the tools in it can be called from then on.
Result<void> InputReader::read_search(JsonValue item) {
  const bool is_call = item["type"].word() == "tool_search_call";
  if (!is_call) {
    if (Result<void> done = read_tools(item["tools"], here("tools"), request_); !done) return done;
  }
  const Result<JsonText> id = text_in(item, "call_id", here());
  if (!id) return tl::unexpected(id.error());
  if (item["execution"].word() != "client") {
    set_aside(item, is_call ? "tool_search_call" : "tool_search_output");
    return {};
  }
  Part& part = message_for(is_call ? Role::assistant : Role::tool, item).parts.emplace_back();
  part.kind = is_call ? PartKind::tool_call : PartKind::tool_result;
  part.raw = item.raw();
  part.id = *id;
  part.name = JsonText{search_tool};
  if (is_call) {
    part.arguments = item["arguments"].raw();
  } else {
    part.parts.emplace_back().text = request_.arena.escape(item["tools"].raw());
  }
  carry_rest(part.bag, item, {"call_id", "execution", "arguments", "tools"});
  return {};
}

}  // namespace sluice::api::responses
