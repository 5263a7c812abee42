// Reads content blocks and the messages that hold them.
#include <algorithm>

#include "api/anthropic/reading.h"
#include "api/anthropic/translate.h"
#include "api/json_unescape.h"
#include "api/own_places.h"

namespace sluice::api::anthropic {
namespace {

// Tools that the provider runs itself, and their results.
bool is_hosted(std::string_view type) {
  return type == "server_tool_use" || type == "mcp_tool_use" || type.ends_with("_tool_result");
}

Part other_part(Request& request, JsonValue block) {
  Part part;
  part.kind = PartKind::other;
  part.other_type = block["type"].word();
  part.is_hosted = is_hosted(part.other_type);
  if (part.is_hosted) part.text = hosted_text(block, request.arena);
  part.raw = block.raw();
  return part;
}

// The texts of a list of blocks, joined by line breaks. nullopt: a block is not a text.
std::optional<JsonText> joined_texts(Request& request, JsonValue blocks) {
  if (blocks.is_string()) return blocks.text();
  if (!blocks.is_array()) return std::nullopt;
  std::string joined;
  for (const JsonValue block : blocks) {
    if (block["type"].word() != "text" || !block["text"].is_string()) return std::nullopt;
    if (!joined.empty()) joined += R"(\n)";
    joined += block["text"].text().escaped;
  }
  return JsonText{request.arena.keep(std::move(joined))};
}

// False: the kind is unknown.
Result<bool> read_source(Request& request, JsonValue source, const std::string& path, Part& part) {
  if (!source.is_object()) return wrong_at(path, "'source' must be an object");
  constexpr std::array<std::string_view, 6> names = {"type", "media_type", "data", "url", "file_id", "content"};
  Bag rest;
  const auto members = take_members(source, names, rest, path + ".source");
  if (!members) return tl::unexpected(members.error());
  const auto& [type, media_type, data, url, file_id, content] = *members;
  for (const CarriedMember& member : rest) {
    const std::string key = "source." + std::string(member.key.escaped);
    part.bag.push_back({JsonText{request.arena.keep(key)}, member.value});
  }
  part.source.media_type = media_type.word();
  const std::string_view word = type.word();
  const JsonValue what = word == "base64" || word == "text" ? data
                         : word == "url"                    ? url
                         : word == "file"                   ? file_id
                                                            : content;
  part.source.data = what.text();
  part.source.kind = word == "base64" ? Source::Kind::base64
                     : word == "url"  ? Source::Kind::url
                     : word == "file" ? Source::Kind::file_id
                                      : Source::Kind::text;
  if (word == "content") {
    const std::optional<JsonText> text = joined_texts(request, content);
    if (!text) return false;
    part.source.data = *text;
    return true;
  }
  if (word != "base64" && word != "text" && word != "url" && word != "file") return false;
  if (!what.is_string()) return wrong_at(path + ".source", "its data must be a string");
  if (word == "url") part.source = source_of_data_url(what.text(), request.arena).value_or(part.source);
  return true;
}

Result<Part> read_text(JsonValue block, const std::string& path) {
  constexpr std::array<std::string_view, 4> names = {"type", "text", "cache_control", "citations"};
  Part part;
  const auto members = take_members(block, names, part.bag, path);
  if (!members) return tl::unexpected(members.error());
  const auto& [type, text, mark, citations] = *members;
  if (!text.is_string()) return wrong_at(path, "'text' must be a string");
  part.text = text.text();
  part.cache_mark = mark.raw();
  part.citations = citations.empty() ? std::string_view() : citations.raw();
  return part;
}

Result<Part> read_media(Request& request, JsonValue block, PartKind kind, const std::string& path) {
  constexpr std::array<std::string_view, 5> names = {"type", "source", "cache_control", "title", "context"};
  Part part;
  part.kind = kind;
  const auto members = take_members(block, names, part.bag, path);
  if (!members) return tl::unexpected(members.error());
  const auto& [type, source, mark, title, context] = *members;
  part.cache_mark = mark.raw();
  part.title = title.text();
  part.context = context.text();
  const Result<bool> known = read_source(request, source, path, part);
  if (!known) return tl::unexpected(known.error());
  return *known ? part : other_part(request, block);
}

// A search result is read as a text document.
Result<Part> read_search_result(Request& request, JsonValue block, const std::string& path) {
  constexpr std::array<std::string_view, 5> names = {"type", "content", "source", "title", "cache_control"};
  Part part;
  part.kind = PartKind::document;
  const auto members = take_members(block, names, part.bag, path);
  if (!members) return tl::unexpected(members.error());
  const auto& [type, content, source, title, mark] = *members;
  const std::optional<JsonText> text = joined_texts(request, content);
  if (!text) return other_part(request, block);
  part.source = {Source::Kind::text, "text/plain", *text};
  part.title = title.text();
  part.context = source.text();
  part.cache_mark = mark.raw();
  return part;
}

Result<Part> read_call(JsonValue block, const std::string& path) {
  constexpr std::array<std::string_view, 6> names = {"type", "id", "name", "input", "cache_control", "caller"};
  Part part;
  part.kind = PartKind::tool_call;
  const auto members = take_members(block, names, part.bag, path);
  if (!members) return tl::unexpected(members.error());
  const auto& [type, id, name, input, mark, caller] = *members;
  if (!id.is_string()) return wrong_at(path, "'id' must be a string");
  if (!name.is_string()) return wrong_at(path, "'name' must be a string");
  if (input.exists() && !input.is_object()) return wrong_at(path, "'input' must be an object");
  part.id = id.text();
  part.name = name.text();
  part.arguments = input.raw();
  part.cache_mark = mark.raw();
  if (caller.exists() && caller["type"].word() != "direct") carry(part.bag, caller);  // "direct" is usual elsewhere
  return part;
}

Result<Part> read_result(Request& request, JsonValue block, const std::string& path) {
  constexpr std::array<std::string_view, 5> names = {"type", "tool_use_id", "content", "is_error", "cache_control"};
  Part part;
  part.kind = PartKind::tool_result;
  const auto members = take_members(block, names, part.bag, path);
  if (!members) return tl::unexpected(members.error());
  const auto& [type, id, content, is_error, mark] = *members;
  if (!id.is_string()) return wrong_at(path, "'tool_use_id' must be a string");
  if (const auto done = check_kind(is_error, JsonType::boolean, path, "is_error"); !done) {
    return tl::unexpected(done.error());
  }
  part.id = id.text();
  part.is_error = is_error.boolean();
  part.cache_mark = mark.raw();
  if (content.is_string()) {
    part.parts.emplace_back().text = content.text();
    return part;
  }
  if (content.exists() && !content.is_array()) return wrong_at(path, "'content' must be a string or a list");
  size_t i = 0;
  for (const JsonValue inner : content) {
    if (const Result<void> done = read_block(request, inner, path_of(path + ".content", i++), part.parts); !done) {
      return tl::unexpected(done.error());
    }
    if (part.parts.back().kind == PartKind::tool_result) return wrong_at(path, "a tool result contains another one");
  }
  return part;
}

Result<Part> read_thinking(JsonValue block, bool is_redacted, const std::string& path) {
  constexpr std::array<std::string_view, 4> names = {"type", "thinking", "signature", "data"};
  Part part;
  part.kind = is_redacted ? PartKind::redacted : PartKind::thinking;
  const auto members = take_members(block, names, part.bag, path);
  if (!members) return tl::unexpected(members.error());
  const auto& [type, thinking, signature, data] = *members;
  const JsonValue opaque = is_redacted ? data : signature;
  if (const auto done = check_kind(thinking, JsonType::string, path, "thinking"); !done) {
    return tl::unexpected(done.error());
  }
  if (const auto done = check_kind(opaque, JsonType::string, path, is_redacted ? "data" : "signature"); !done) {
    return tl::unexpected(done.error());
  }
  part.text = thinking.text();
  part.opaque = unwrap(opaque.text(), own);
  return part;
}

// The result of a tool search: the request defines every tool elsewhere, so the name is enough.
Result<Part> read_tool_reference(JsonValue block, const std::string& path) {
  constexpr std::array<std::string_view, 3> names = {"type", "tool_name", "cache_control"};
  Part part;
  const auto members = take_members(block, names, part.bag, path);
  if (!members) return tl::unexpected(members.error());
  const auto& [type, name, mark] = *members;
  if (!name.is_string()) return wrong_at(path, "'tool_name' must be a string");
  part.text = name.text();
  part.cache_mark = mark.raw();
  return part;
}

Result<Part> read_compaction(JsonValue block, const std::string& path) {
  constexpr std::array<std::string_view, 4> names = {"type", "content", "encrypted_content", "cache_control"};
  Part part;
  part.kind = PartKind::compaction;
  const auto members = take_members(block, names, part.bag, path);
  if (!members) return tl::unexpected(members.error());
  const auto& [type, content, encrypted, mark] = *members;
  part.text = content.text();
  part.opaque = unwrap(encrypted.text(), own);
  part.cache_mark = mark.raw();
  return part;
}

}  // namespace

Result<Part> read_part(Request& request, JsonValue block, const std::string& path) {
  if (!block.is_object()) return wrong_at(path, "an object is needed");
  const JsonValue type = block["type"];
  if (!type.is_string()) return wrong_at(path, "'type' must be a string");
  const std::string_view word = type.word();
  Result<Part> part = word == "text"                ? read_text(block, path)
                      : word == "image"             ? read_media(request, block, PartKind::image, path)
                      : word == "document"          ? read_media(request, block, PartKind::document, path)
                      : word == "search_result"     ? read_search_result(request, block, path)
                      : word == "tool_use"          ? read_call(block, path)
                      : word == "tool_result"       ? read_result(request, block, path)
                      : word == "thinking"          ? read_thinking(block, false, path)
                      : word == "redacted_thinking" ? read_thinking(block, true, path)
                      : word == "compaction"        ? read_compaction(block, path)
                      : word == "tool_reference"    ? read_tool_reference(block, path)
                                                    : Result<Part>(other_part(request, block));
  if (part) part->raw = block.raw();
  return part;
}

namespace {

// Whether the block is a document made of texts and pictures. No other dialect has one, so its contents take its place.
bool holds_pictures(JsonValue document) {
  if (document["type"].word() != "document") return false;
  const JsonValue content = document["source"]["content"];
  if (!content.is_array()) return false;
  bool has_picture = false;
  for (const JsonValue inner : content) {
    const std::string_view type = inner["type"].word();
    if (type != "text" && type != "image") return false;
    has_picture = has_picture || type == "image";
  }
  return has_picture;
}

Result<void> read_document_of_content(Request& request, JsonValue block, const std::string& path,
                                      std::vector<Part>& parts) {
  constexpr std::array<std::string_view, 5> names = {"type", "source", "cache_control", "title", "context"};
  Bag bag;
  const auto members = take_members(block, names, bag, path);
  if (!members) return tl::unexpected(members.error());
  const auto& [type, source, mark, title, context] = *members;
  const size_t begin = parts.size();
  std::string heading;
  for (const JsonValue words : {title, context}) {
    if (!words.text().empty()) (heading += heading.empty() ? "" : R"(\n)") += words.text().escaped;
  }
  if (!heading.empty()) parts.emplace_back().text = JsonText{request.arena.keep(std::move(heading))};
  size_t i = 0;
  for (const JsonValue inner : source["content"]) {
    Result<Part> part = read_part(request, inner, path_of(path + ".source.content", i++));
    if (!part) return tl::unexpected(part.error());
    parts.push_back(std::move(*part));
  }
  if (parts.size() == begin) return {};
  parts[begin].bag.insert(parts[begin].bag.end(), bag.begin(), bag.end());
  if (mark.exists()) parts.back().cache_mark = mark.raw();
  return {};
}

}  // namespace

Result<void> read_block(Request& request, JsonValue block, const std::string& path, std::vector<Part>& parts) {
  if (holds_pictures(block)) return read_document_of_content(request, block, path, parts);
  Result<Part> part = read_part(request, block, path);
  if (!part) return tl::unexpected(part.error());
  parts.push_back(std::move(*part));
  return {};
}

// --- messages ---

namespace {

// A call's signature from another dialect stands in redacted thinking before the call (call_mark).
void give_calls_their_signatures(std::vector<Part>& parts) {
  for (size_t i = 0; i + 1 < parts.size();) {
    Part& mark = parts[i];
    Part& call = parts[i + 1];
    if (mark.kind == PartKind::redacted && mark.opaque.id.escaped == call_mark && call.kind == PartKind::tool_call) {
      call.opaque = std::move(mark.opaque);
      call.opaque.id = {};
      parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(i));
    } else {
      ++i;
    }
  }
}

// Splits the message into tool results and the user's other content. Results are joined to those of the previous
// message.
void add_user_message(Request& request, Message message) {
  std::vector<Part> all = std::move(message.parts);
  const auto is_result = [](const Part& part) { return part.kind == PartKind::tool_result; };
  const auto rest = std::stable_partition(all.begin(), all.end(), is_result);
  message.parts.assign(std::make_move_iterator(all.begin()), std::make_move_iterator(rest));
  std::vector<Part> said(std::make_move_iterator(rest), std::make_move_iterator(all.end()));
  if (message.parts.empty()) {
    message.parts = std::move(said);
    request.messages.push_back(std::move(message));
    return;
  }
  if (!request.messages.empty() && request.messages.back().role == Role::tool) {
    Message& before = request.messages.back();
    before.parts.insert(before.parts.end(), std::make_move_iterator(message.parts.begin()),
                        std::make_move_iterator(message.parts.end()));
    before.bag.insert(before.bag.end(), message.bag.begin(), message.bag.end());
    // Covers both messages and what separates them in the list.
    before.raw = {before.raw.data(), static_cast<size_t>(message.raw.data() + message.raw.size() - before.raw.data())};
  } else {
    message.role = Role::tool;
    request.messages.push_back(std::move(message));
  }
  if (said.empty()) return;
  Message& behind = request.messages.emplace_back();
  behind.role = Role::user;
  behind.joined = true;
  behind.parts = std::move(said);
}

// Blocks that control Anthropic's machinery and say nothing to a model: which tools are loaded, which model answered.
bool is_only_for_its_maker(std::string_view type) {
  return type == "tool_addition" || type == "tool_removal" || type == "mcp_tool_listing" || type == "fallback";
}

Result<void> read_message(Request& request, JsonValue sent, const std::string& path) {
  if (!sent.is_object()) return wrong_at(path, "an object is needed");
  constexpr std::array<std::string_view, 2> names = {"role", "content"};
  Message message;
  const auto members = take_members(sent, names, message.bag, path);
  if (!members) return tl::unexpected(members.error());
  const auto& [role, content] = *members;
  message.raw = sent.raw();
  if (role.word() == "user") {
    message.role = Role::user;
  } else if (role.word() == "assistant") {
    message.role = Role::assistant;
  } else if (role.word() == "system") {
    message.role = Role::system;
  } else {
    return wrong_at(path + ".role", "it must be 'user', 'assistant' or 'system'");
  }
  if (content.is_string()) {
    message.was_string = true;
    message.parts.emplace_back().text = content.text();
  } else if (!content.is_array() && (content.exists() || message.role != Role::system)) {
    return wrong_at(path + ".content", "a string or a list is needed");
  }
  size_t i = 0;
  for (const JsonValue block : content) {
    const size_t index = i++;
    if (is_only_for_its_maker(block["type"].word())) {
      message.bag.push_back({JsonText{request.arena.keep(path_of("content", index))}, block.raw()});
      continue;
    }
    const size_t first = message.parts.size();
    const Result<void> done = read_block(request, block, path_of(path + ".content", index), message.parts);
    if (!done) return done;
    for (size_t at = first; at < message.parts.size(); ++at) {
      message.parts[at].place.part = static_cast<uint32_t>(index);
    }
    const bool is_result = !message.parts.empty() && message.parts.back().kind == PartKind::tool_result;
    if (is_result && message.role != Role::user) {
      return wrong_at(path + ".content", "only a user message may contain tool results");
    }
  }
  if (message.role == Role::user) {
    add_user_message(request, std::move(message));
  } else {
    give_calls_their_signatures(message.parts);
    request.messages.push_back(std::move(message));
  }
  return {};
}

}  // namespace

Result<void> read_messages(Request& request, JsonValue messages) {
  if (!messages.is_array()) return wrong_at("messages", "a list is needed");
  size_t i = 0;
  PlaceMarker places(request);
  for (const JsonValue sent : messages) {
    if (const Result<void> done = read_message(request, sent, path_of("messages", i)); !done) return done;
    places.mark(i++);
  }
  return {};
}

}  // namespace sluice::api::anthropic
