#include "api/ollama/message_reader.h"

#include <algorithm>
#include <array>
#include <optional>

#include "api/ollama/object_reader.h"
#include "api/own_places.h"
#include "base/text.h"

namespace sluice::api::ollama {
namespace {

constexpr std::array<std::string_view, 4> members_of_all = {"role", "content", "images", "tool_name"};
constexpr std::array<std::string_view, 6> members_of_assistant = {"role",      "content",  "images",
                                                                  "tool_name", "thinking", "tool_calls"};
constexpr std::array<std::string_view, 6> members_of_result = {"role",      "content",      "images",
                                                               "tool_name", "tool_call_id", "name"};

// Case-insensitive, as in Ollama.
std::optional<Role> role_of(std::string_view word) {
  const std::string role = to_lower(word);
  if (role == "system") return Role::system;
  if (role == "user") return Role::user;
  if (role == "assistant") return Role::assistant;
  if (role == "tool") return Role::tool;
  return std::nullopt;
}

std::span<const std::string_view> members_of(Role role) {
  if (role == Role::assistant) return members_of_assistant;
  if (role == Role::tool) return members_of_result;
  return members_of_all;
}

// From the start of the first to the end of the last, including the comma between them.
std::string_view both(std::string_view first, std::string_view last) {
  return {first.data(), static_cast<size_t>(last.data() + last.size() - first.data())};
}

}  // namespace

Result<void> MessageReader::read_all(JsonValue messages) {
  if (!messages.has_value()) return {};
  if (!messages.is_array()) return must_be("messages", "a list");
  if (auto done = note_ids(messages); !done) return done;
  size_t index = 0;
  PlaceMarker places(request_);
  for (const JsonValue message : messages) {
    if (auto done = read_message(message, path_of("messages", index)); !done) return done;
    places.mark(index++);
  }
  request_.system_was_string = request_.system.size() == 1;
  return {};
}

// Notes the caller's ids, so that made-up ids differ from them.
Result<void> MessageReader::note_ids(JsonValue messages) {
  for (const JsonValue message : messages) {
    for (const JsonValue call : message["tool_calls"]) given_ids_.insert(call["id"].text().escaped);
  }
  return {};
}

Result<void> MessageReader::read_message(JsonValue message, const std::string& path) {
  if (!message.is_object()) return must_be(path, "an object");
  const std::optional<Role> role = role_of(message["role"].word());
  if (!role) return must_be(path + ".role", R"("system", "user", "assistant" or "tool")");
  Message made;
  made.role = *role;
  made.was_string = true;
  made.raw = message.raw();
  if (auto done = sort_members(message, members_of(*role), path, made.bag); !done) return done;
  if (*role == Role::tool) {
    if (auto done = read_result(message, path, made); !done) return done;
    add(std::move(made));
    return {};
  }
  // Calls of an earlier turn that still lack a result cannot get one any more.
  const bool goes_on = !request_.messages.empty() && request_.messages.back().role == Role::assistant;
  if (*role == Role::assistant && !goes_on) open_calls_.clear();
  const JsonValue thinking = *role == Role::assistant ? message["thinking"] : JsonValue();
  const JsonValue calls = *role == Role::assistant ? message["tool_calls"] : JsonValue();
  const auto thought = text_of(thinking, path + ".thinking");
  if (!thought) return tl::unexpected(thought.error());
  if (!thought->empty()) {
    Part& part = made.parts.emplace_back();
    part.kind = PartKind::thinking;
    part.text = *thought;
    part.place.member = "thinking";
  }
  if (auto done = read_content(message, path, made.parts); !done) return done;
  if (auto done = read_calls(calls, path + ".tool_calls", made); !done) return done;
  if (made.parts.empty()) made.parts.emplace_back();  // an empty text, so that the message is kept
  add(std::move(made));
  return {};
}

// Pictures come before the text, as in the model's input.
Result<void> MessageReader::read_content(JsonValue message, const std::string& path, std::vector<Part>& parts) {
  const auto text = text_of(message["content"], path + ".content");
  if (!text) return tl::unexpected(text.error());
  if (auto done = read_images(message["images"], path + ".images", request_.arena, parts); !done) return done;
  if (!text->empty()) parts.emplace_back().text = *text;
  return {};
}

Result<void> MessageReader::read_calls(JsonValue calls, const std::string& path, Message& made) {
  if (calls.has_value() && !calls.is_array()) return must_be(path, "a list");
  size_t index = 0;
  for (const JsonValue call : calls) {
    if (auto done = read_call(call, path_of(path, index++), made); !done) return done;
  }
  return {};
}

Result<void> MessageReader::read_call(JsonValue call, const std::string& path, Message& made) {
  constexpr std::array<std::string_view, 3> members = {"id", "type", "function"};
  constexpr std::array<std::string_view, 3> members_of_function = {"index", "name", "arguments"};
  const JsonValue function = call["function"];
  if (!function.is_object()) return must_be(path + ".function", "an object");
  Part part;
  part.kind = PartKind::tool_call;
  part.raw = call.raw();
  if (auto done = sort_members(call, members, path, part.bag); !done) return done;
  if (auto done = sort_members(function, members_of_function, path + ".function", part.bag); !done) return done;
  const auto id = text_of(call["id"], path + ".id"), name = text_of(function["name"], path + ".function.name");
  if (!id || !name) return tl::unexpected(!id ? id.error() : name.error());
  if (name->empty()) return fail(ErrorCode::bad_request, path + ".function.name: is missing");
  const JsonValue arguments = function["arguments"];
  if (arguments.has_value() && !arguments.is_object()) return must_be(path + ".function.arguments", "an object");
  part.id = id->empty() ? make_id() : *id;
  part.name = *name;
  if (arguments.has_value()) part.arguments = arguments.raw();
  open_calls_.add({part.id, part.name});
  made.parts.push_back(std::move(part));
  return {};
}

Result<void> MessageReader::read_result(JsonValue message, const std::string& path, Message& made) {
  Part result;
  result.kind = PartKind::tool_result;
  result.raw = message.raw();
  const auto id = text_of(message["tool_call_id"], path + ".tool_call_id");
  const auto tool_name = text_of(message["tool_name"], path + ".tool_name"),
             name = text_of(message["name"], path + ".name");
  for (const auto* const text : {&id, &tool_name, &name}) {
    if (!*text) return tl::unexpected(text->error());
  }
  result.name = tool_name->empty() ? *name : *tool_name;
  result.id = link(*id, result.name);
  if (auto done = read_content(message, path, result.parts); !done) return done;
  made.parts.push_back(std::move(result));
  return {};
}

JsonText MessageReader::make_id() {
  std::string id;
  do {
    id = "call_" + std::to_string(next_id_++);
  } while (given_ids_.contains(id));
  return {request_.arena.keep(std::move(id))};
}

JsonText MessageReader::link(JsonText id, JsonText name) {
  size_t call = id.empty() ? OpenCalls::none : open_calls_.with_id(id);
  if (call == OpenCalls::none && !id.empty() && given_ids_.contains(id.escaped)) return id;
  if (call == OpenCalls::none) call = name.empty() ? open_calls_.first() : open_calls_.named(name);
  if (call == OpenCalls::none) return id.empty() ? make_id() : id;  // matches no call: the target decides
  open_calls_.answer(call);
  return open_calls_[call].id;
}

// Consecutive assistant messages belong to one turn, and so do consecutive tool messages.
void MessageReader::add(Message message) {
  if (message.role == Role::system && request_.messages.empty() && message.bag.empty() && message.parts.size() == 1 &&
      message.parts[0].kind == PartKind::text) {
    return add_system(message);
  }
  const bool joins = message.role == Role::assistant || message.role == Role::tool;
  if (joins && !request_.messages.empty() && request_.messages.back().role == message.role) {
    Message& before = request_.messages.back();
    before.raw = both(before.raw, message.raw);
    std::move(message.parts.begin(), message.parts.end(), std::back_inserter(before.parts));
    before.bag.insert(before.bag.end(), message.bag.begin(), message.bag.end());
    return;
  }
  request_.messages.push_back(std::move(message));
}

void MessageReader::add_system(const Message& message) {
  Part part = message.parts[0];
  part.raw = message.raw;
  request_.system.push_back(std::move(part));
}

}  // namespace sluice::api::ollama
