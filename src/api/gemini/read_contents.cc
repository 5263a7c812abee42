#include "api/gemini/read_contents.h"

#include <algorithm>
#include <utility>

#include "api/gemini/media.h"
#include "api/own_places.h"
#include "api/translation.h"

namespace sluice::api::gemini {
namespace {

// In the order of `PartField`.
constexpr std::string_view part_names[] = {"text",     "thought",      "thoughtSignature", "inlineData",
                                           "fileData", "functionCall", "functionResponse"};
struct PartField {
  enum Place : unsigned char { text, thought, signature, inline_data, file_data, call, response };
};

// Members that wrap the text of a function's result.
bool is_wrapper(JsonValue member) { return member.named("output") || member.named("result") || member.named("error"); }

// Input or output of a tool that the provider runs itself.
bool is_hosted(std::string_view name) {
  return name == "executableCode" || name == "codeExecutionResult" || name == "toolCall" || name == "toolResponse";
}

// Code that ran, or what it printed.
JsonText hosted_text(JsonValue value, TextArena& arena) {
  const JsonText code = value["code"].text();
  const JsonText output = value["output"].text();
  const std::string_view outcome = value["outcome"].word();
  if (!code.empty() || outcome.empty() || outcome == "OUTCOME_OK") return code.empty() ? output : code;
  return {arena.keep(std::string(outcome) + R"(\n)" + std::string(output.escaped))};
}

// Whether both are pieces of one text or of one thought. A signature ends a piece.
bool goes_on_with(const Part& before, const Part& piece) {
  const bool has_text = piece.kind == PartKind::text || piece.kind == PartKind::thinking;
  return has_text && before.kind == piece.kind && before.opaque.empty();
}

std::string_view joined(TextArena& arena, std::string_view first, std::string_view second) {
  if (first.empty()) return second;
  if (second.empty()) return first;
  return arena.join(first, ",", second);
}

}  // namespace

Result<void> ContentsReader::read(JsonValue contents) {
  if (!contents.is_array() && !contents.is_object()) return wrong_field("contents", "must be an array");
  size_t index = 0;
  PlaceMarker places(request_);
  for (const JsonValue content : elements_of(contents)) {
    if (Result<void> done = read_content(content, path_of("contents", index)); !done) return done;
    places.mark(index++);
  }
  return {};
}

Result<void> ContentsReader::read_system(JsonValue instruction) {
  constexpr std::string_view names[] = {"parts", "role"};
  if (!instruction.exists()) return {};
  if (instruction.is_string()) {
    request_.system_was_string = true;
    request_.system.emplace_back().text = instruction.text();
    return {};
  }
  const Result<NamedMembers> fields = NamedMembers::of(instruction, names, "systemInstruction");
  if (!fields) return tl::unexpected<Error>(fields.error());
  carry_all(request_.bag, fields->rest(), "systemInstruction.", request_.arena);
  std::vector<Read> parts;
  if (Result<void> done = read_parts((*fields)[0], "systemInstruction", parts); !done) return done;
  for (Read& read : parts) request_.system.push_back(std::move(read.part));
  return {};
}

Result<void> ContentsReader::read_content(JsonValue content, const std::string& path) {
  constexpr std::string_view names[] = {"role", "parts"};
  const Result<NamedMembers> fields = NamedMembers::of(content, names, path);
  if (!fields) return tl::unexpected<Error>(fields.error());
  const JsonValue role = (*fields)[0];
  if (role.exists() && !role.is_string()) return wrong_field(path + ".role", "must be a string");
  Bag bag;
  carry_all(bag, fields->rest(), "", request_.arena);
  std::vector<Read> parts;
  if (Result<void> done = read_parts((*fields)[1], path, parts); !done) return done;
  const std::string_view raw = raw_of(content, parts);
  const std::string_view word = role.word();
  if (word == "model") {
    add_assistant(parts, raw, bag);
  } else if (word.empty() || word == "user" || word == "function" || word == "tool") {
    add_user(parts, raw, bag);
  } else if (word == "system") {
    Message& message = request_.messages.emplace_back();
    message.role = Role::system;
    for (Read& read : parts) message.parts.push_back(std::move(read.part));
    message.raw = raw;
    message.bag = std::move(bag);
  } else {
    return wrong_field(path + ".role", "must be 'user' or 'model'");
  }
  return {};
}

// --- messages ---

// A single turn of the model may span several contents.
void ContentsReader::add_assistant(std::vector<Read>& parts, std::string_view raw, Bag& bag) {
  const bool goes_on = !request_.messages.empty() && request_.messages.back().role == Role::assistant;
  if (!goes_on) calls_.clear();
  Message& message = goes_on ? request_.messages.back() : request_.messages.emplace_back();
  message.role = Role::assistant;
  message.raw = joined(request_.arena, message.raw, raw);
  std::move(bag.begin(), bag.end(), std::back_inserter(message.bag));
  for (Read& read : parts) {
    Part& part = read.part;
    if (read.signature.is_foreign) return_signature(message.parts, read.signature);
    if (part.kind == PartKind::text && part.text.empty() && read.signature.is_foreign) continue;
    if (part.kind == PartKind::tool_call) {
      const bool is_invented = part.id.empty();
      if (is_invented) part.id = made_up_id();
      ids_.insert(part.id.escaped);
      calls_.add({part.id, part.name, is_invented});
      ++calls_seen_;
    }
    if (!message.parts.empty() && goes_on_with(message.parts.back(), part)) {
      continue_part(message.parts.back(), std::move(part));
    } else {
      message.parts.push_back(std::move(part));
    }
  }
}

// Callers send a stream's pieces back as they received them, each as a separate part.
void ContentsReader::continue_part(Part& before, Part piece) {
  before.text = JsonText{request_.arena.join(before.text.escaped, "", piece.text.escaped)};
  before.opaque = piece.opaque;
  before.raw = {};
  std::move(piece.bag.begin(), piece.bag.end(), std::back_inserter(before.bag));
}

// Another dialect's thinking signature was sent with the part that followed it. If the caller left the thoughts out of
// the history, the result is a thinking without text.
void ContentsReader::return_signature(std::vector<Part>& parts, const Signature& signature) {
  size_t behind_thinking = 0;
  for (size_t i = parts.size(); i != 0 && behind_thinking == 0; --i) {
    if (parts[i - 1].kind == PartKind::thinking || parts[i - 1].kind == PartKind::redacted) behind_thinking = i;
  }
  if (behind_thinking != 0) {
    Part& thinking = parts[behind_thinking - 1];
    if (thinking.kind == PartKind::thinking && thinking.opaque.empty() && !signature.is_redacted) {
      thinking.opaque = signature.opaque;
      return;
    }
  }
  Part lone;
  lone.kind = signature.is_redacted ? PartKind::redacted : PartKind::thinking;
  lone.opaque = signature.opaque;
  parts.insert(parts.begin() + static_cast<std::ptrdiff_t>(behind_thinking), std::move(lone));
}

void ContentsReader::add_user(std::vector<Read>& parts, std::string_view raw, Bag& bag) {
  std::vector<Part> results, rest;
  for (Read& read : parts) {
    const bool is_result = read.part.kind == PartKind::tool_result;
    if (is_result) link(read.part);
    (is_result ? results : rest).push_back(std::move(read.part));
  }
  const bool has_results = !results.empty();
  if (has_results) add_results(std::move(results), raw, bag);
  if (has_results && rest.empty()) return;
  Message& message = request_.messages.emplace_back();
  message.role = Role::user;
  message.parts = std::move(rest);
  message.joined = has_results;
  if (has_results) return;
  message.raw = raw;
  message.bag = std::move(bag);
}

void ContentsReader::add_results(std::vector<Part> results, std::string_view raw, Bag& bag) {
  const bool goes_on = !request_.messages.empty() && request_.messages.back().role == Role::tool;
  Message& message = goes_on ? request_.messages.back() : request_.messages.emplace_back();
  message.role = Role::tool;
  message.raw = joined(request_.arena, message.raw, raw);
  std::move(results.begin(), results.end(), std::back_inserter(message.parts));
  std::move(bag.begin(), bag.end(), std::back_inserter(message.bag));
}

std::string_view ContentsReader::raw_of(JsonValue content, const std::vector<Read>& parts) {
  const bool is_own = std::none_of(parts.begin(), parts.end(), [](const Read& r) { return r.signature.is_foreign; });
  if (is_own) return content.raw();
  std::string list;
  for (const Read& read : parts) {
    const bool is_foreign = read.signature.is_foreign;
    if (is_foreign && read.part.kind == PartKind::text && read.part.text.empty()) continue;
    if (!list.empty()) list += ',';
    if (!is_foreign) {
      list += read.from.raw();
      continue;
    }
    list += '{';
    for (const JsonValue member : read.from) {
      const bool is_signature = FieldName(member).text() == part_names[PartField::signature];
      if (is_signature && read.part.kind != PartKind::tool_call) continue;
      if (list.back() != '{') list += ',';
      ((list += '"') += member.key().escaped) += "\":";
      list += is_signature ? '"' + std::string(no_signature) + '"' : std::string(member.raw());
    }
    list += '}';
  }
  if (list.empty()) return {};
  std::string text = "{";
  for (const JsonValue member : content) {
    if (text.back() != '{') text += ',';
    ((text += '"') += member.key().escaped) += "\":";
    text += FieldName(member).text() == "parts" ? '[' + list + ']' : std::string(member.raw());
  }
  return request_.arena.keep(text + '}');
}

// --- linking results to calls ---

JsonText ContentsReader::made_up_id() {
  std::string id;
  last_made_up_ = std::max(last_made_up_, calls_seen_);
  do {
    id = "call_" + std::to_string(++last_made_up_);
  } while (ids_.count(id) != 0);
  const JsonText kept{request_.arena.keep(std::move(id))};
  ids_.insert(kept.escaped);
  return kept;
}

// Matches by id; without one, by name and order.
void ContentsReader::link(Part& result) {
  size_t call = OpenCalls::none;
  if (result.id.empty()) {
    if (!result.name.empty()) call = calls_.named(result.name);
    if (call == OpenCalls::none) call = calls_.first();
  } else {
    call = calls_.any_with_id(result.id);
  }
  // The id matches no call because the call had none.
  if (call == OpenCalls::none && !result.name.empty() && ids_.count(result.id.escaped) == 0) {
    const size_t by_name = calls_.named(result.name);
    if (by_name != OpenCalls::none && calls_[by_name].is_invented) call = by_name;
  }
  if (call == OpenCalls::none) {
    if (result.id.empty()) result.id = made_up_id();
    return;
  }
  calls_.answer(call);
  result.id = calls_[call].id;
  if (result.name.empty()) result.name = calls_[call].name;
}

// --- parts ---

Result<void> ContentsReader::read_parts(JsonValue list, const std::string& path, std::vector<Read>& parts) {
  if (list.exists() && !list.is_array() && !list.is_object()) return wrong_field(path + ".parts", "must be an array");
  size_t index = 0;
  for (const JsonValue value : elements_of(list)) {
    Read& read = parts.emplace_back();
    read.from = value;
    read.part.place.part = static_cast<uint32_t>(index);
    if (Result<void> done = read_part(value, path_of(path + ".parts", index++), read); !done) return done;
  }
  return {};
}

Result<void> ContentsReader::read_part(JsonValue value, const std::string& path, Read& read) {
  const Result<NamedMembers> fields = NamedMembers::of(value, part_names, path);
  if (!fields) return tl::unexpected<Error>(fields.error());
  Part& part = read.part;
  part.raw = value.raw();
  unsigned kinds = 0;
  for (const PartField::Place kind :
       {PartField::text, PartField::inline_data, PartField::file_data, PartField::call, PartField::response})
    kinds += (*fields)[kind].exists() ? 1 : 0;
  if (kinds > 1) return wrong_field(path, "holds content of two kinds");
  if (const JsonValue told = (*fields)[PartField::signature]; told.exists()) {
    if (!told.is_string()) return wrong_field(below(path, part_names[PartField::signature]), "must be a string");
    read.signature = read_signature(told.text(), request_.arena);
    if (!read.signature.is_foreign) part.opaque = read.signature.opaque;
  }
  const bool is_only_signed = kinds == 0 && fields->rest().empty() && (*fields)[PartField::signature].exists();
  if ((kinds == 0 && !is_only_signed) ||
      ((*fields)[PartField::thought].boolean() == true && !(*fields)[PartField::text].exists())) {
    part.kind = PartKind::other;
    part.other_type = fields->rest().empty() ? std::string_view("part") : fields->rest().front().key().escaped;
    for (const JsonValue member : fields->rest()) {
      const FieldName name(member);
      if (!is_hosted(name.text())) continue;
      part.is_hosted = true;
      part.text = hosted_text(member, request_.arena);
      part.other_type = request_.arena.keep(std::string(name.text()));
    }
    return {};
  }
  carry_all(part.bag, fields->rest(), "", request_.arena);
  if ((*fields)[PartField::call].exists())
    return read_call((*fields)[PartField::call], below(path, part_names[PartField::call]), part);
  if ((*fields)[PartField::response].exists())
    return read_response((*fields)[PartField::response], below(path, part_names[PartField::response]), part);
  for (const PartField::Place kind : {PartField::inline_data, PartField::file_data}) {
    if ((*fields)[kind].exists())
      return read_media((*fields)[kind], part_names[kind], below(path, part_names[kind]), part);
  }
  return read_text(*fields, path, part);
}

Result<void> ContentsReader::read_text(const NamedMembers& fields, const std::string& path, Part& part) {
  const JsonValue told = fields[PartField::text];
  if (told.exists() && !told.is_string()) return wrong_field(path + ".text", "must be a string");
  part.text = told.text();
  if (fields[PartField::thought].boolean() == true) {
    part.kind = PartKind::thinking;
    part.is_summary = true;
  } else if (part.text.empty() && !part.opaque.empty()) {
    part.kind = PartKind::redacted;
  }
  return {};
}

Result<void> ContentsReader::read_media(JsonValue media, std::string_view name, const std::string& path, Part& part) {
  constexpr std::string_view names[] = {"mimeType", "displayName", "data", "fileUri"};
  const Result<NamedMembers> fields = NamedMembers::of(media, names, path);
  if (!fields) return tl::unexpected<Error>(fields.error());
  const bool is_file = name == part_names[PartField::file_data];
  const JsonValue data = (*fields)[is_file ? 3 : 2];
  if (!data.is_string()) return wrong_field(below(path, names[is_file ? 3 : 2]), "must be a string");
  carry_all(part.bag, fields->rest(), std::string(name) + ".", request_.arena);
  part.title = (*fields)[1].text();
  part.source.media_type = (*fields)[0].word();
  part.source.data = data.text();
  if (is_file) {
    const std::string_view url = request_.arena.unescape(data.text());
    part.source.kind = is_handle_of_google(url) ? Source::Kind::file_id : Source::Kind::url;
    if (const std::optional<Source> held = source_of_data_url(data.text(), request_.arena)) {
      const std::string_view told = part.source.media_type;
      part.source = *held;
      if (!told.empty()) part.source.media_type = told;
    }
    if (part.source.media_type.empty()) part.source.media_type = media_type_of_name(url);
  } else {
    part.source.kind = Source::Kind::base64;
    part.source.data = standard_base64(data.text(), request_.arena);
  }
  part.kind = kind_of_media(part.source.media_type);
  return {};
}

Result<void> ContentsReader::read_call(JsonValue value, const std::string& path, Part& part) {
  constexpr std::string_view names[] = {"id", "name", "args"};
  const Result<NamedMembers> fields = NamedMembers::of(value, names, path);
  if (!fields) return tl::unexpected<Error>(fields.error());
  carry_all(part.bag, fields->rest(), "functionCall.", request_.arena);
  const JsonValue arguments = (*fields)[2];
  for (const size_t string : {0u, 1u}) {
    const JsonValue word = (*fields)[string];
    if (word.exists() && !word.is_string()) return wrong_field(below(path, names[string]), "must be a string");
  }
  if ((*fields)[1].text().empty()) return wrong_field(path + ".name", "is missing");
  if (arguments.exists() && !arguments.is_object()) return wrong_field(path + ".args", "must be an object");
  part.kind = PartKind::tool_call;
  part.id = (*fields)[0].text();
  part.name = (*fields)[1].text();
  part.arguments = arguments.raw();
  return {};
}

Result<void> ContentsReader::read_response(JsonValue value, const std::string& path, Part& part) {
  constexpr std::string_view names[] = {"id", "name", "response", "parts"};
  const Result<NamedMembers> fields = NamedMembers::of(value, names, path);
  if (!fields) return tl::unexpected<Error>(fields.error());
  carry_all(part.bag, fields->rest(), "functionResponse.", request_.arena);
  part.kind = PartKind::tool_result;
  for (const size_t string : {0u, 1u}) {
    const JsonValue word = (*fields)[string];
    if (word.exists() && !word.is_string()) return wrong_field(below(path, names[string]), "must be a string");
  }
  part.id = (*fields)[0].text();
  part.name = (*fields)[1].text();
  if (Result<void> done = read_response_text((*fields)[2], path + ".response", part); !done) return done;
  std::vector<Read> media;
  if (Result<void> done = read_parts((*fields)[3], path, media); !done) return done;
  for (Read& read : media) part.parts.push_back(std::move(read.part));
  return {};
}

// {"output": "text"} is read as the text. A result in any other form becomes its JSON text.
Result<void> ContentsReader::read_response_text(JsonValue value, const std::string& path, Part& part) {
  if (!value.exists()) return {};
  if (!value.is_object()) return wrong_field(path, "must be an object");
  const bool is_wrapped = value.size() == 1 && is_wrapper(*value.begin());
  const JsonValue inner = is_wrapped ? *value.begin() : value;
  if (is_wrapped && inner.named("error")) part.is_error = true;
  const JsonText told = inner.is_string() ? inner.text() : request_.arena.escape(inner.raw());
  if (told.empty()) return {};
  part.parts.emplace_back().text = told;
  return {};
}

}  // namespace sluice::api::gemini
