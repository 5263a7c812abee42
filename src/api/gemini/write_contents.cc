#include "api/gemini/write_contents.h"

#include <algorithm>
#include <array>
#include <optional>

#include "api/gemini/media.h"
#include "api/gemini/signature.h"
#include "api/translation.h"

namespace sluice::api::gemini {
namespace {

tl::unexpected<Error> cannot_take(const std::string& path, std::string_view what) {
  return fail(ErrorCode::untranslatable, path + ": " + std::string(what));
}

// A custom tool's input becomes an argument of that name (tool_names.h).
void append_custom_input(std::string& out, std::string_view input) {
  out += R"({"input":)";
  out += input.starts_with('"') ? input : R"("")";
  out += '}';
}

bool is_media(const Part& part) {
  return part.kind == PartKind::image || part.kind == PartKind::document || part.kind == PartKind::audio ||
         part.kind == PartKind::video;
}

}  // namespace

ToolNames::Rules name_rules(const TargetFacts& facts) { return {facts.max_tool_name_bytes, true, true}; }

// --- turns ---

void ContentsWriter::open(Turn turn) {
  if (turn_ == turn) return;
  close();
  turn_ = turn;
  signature_due_ = turn == Turn::model;
  json_.object().member("role", turn == Turn::model ? "model" : "user").key("parts").array();
}

void ContentsWriter::close() {
  if (turn_ != Turn::none) json_.end_array().end_object();
  turn_ = Turn::none;
}

void ContentsWriter::quoted(JsonText text) { ((out_ += '"') += text.escaped) += '"'; }

void ContentsWriter::write_text(JsonText text, std::string_view signature) {
  if (text.empty() && signature.empty()) return;
  json_.object().key("text");
  quoted(text);
  if (!signature.empty()) {
    json_.key("thoughtSignature");
    quoted(JsonText{signature});
  }
  json_.end_object();
}

Result<void> ContentsWriter::write(bool system_first) {
  json_.array();
  if (system_first) {
    open(Turn::user);
    for (const Part& part : request_.system) write_text(part.text);
  }
  for (size_t i = 0; i < request_.messages.size(); ++i) {
    const Message& message = request_.messages[i];
    const bool is_results = message.role == Role::tool && !is_own(message);
    const Result<void> done = is_results ? write_results(i) : write_message(message, i);
    if (!done) return done;
  }
  close();
  const bool is_own_request = request_.from == facts_.origin.dialect;
  if (out_.ends_with('[') && !is_own_request) {  // all texts are empty, which Gemini rejects
    dropped_.add("messages", DropReason::invented);
    open(Turn::user);
    write_text(JsonText{"Begin."});
    close();
  }
  json_.end_array();
  return {};
}

Result<void> ContentsWriter::write_message(const Message& message, size_t index) {
  if (is_own(message)) {
    write_own(message, index);
    return {};
  }
  const bool is_written = message.joined && index != 0 && is_own(request_.messages[index - 1]);
  if (is_written) return {};  // it was part of the message before
  if (!message.name.empty()) dropped_.add(path_of("messages", index, "name"), DropReason::unsupported);
  if (message.role == Role::system) {
    write_system(message, index);
    return {};
  }
  const Turn turn = message.role == Role::assistant ? Turn::model : Turn::user;
  for (size_t i = 0; i < message.parts.size(); ++i) {
    const std::string path = path_of(path_of("messages", index, "content"), i);
    if (const Result<void> done = write_part(message.parts[i], turn, path); !done) return done;
  }
  return {};
}

void ContentsWriter::write_own(const Message& message, size_t index) {
  close();
  json_.raw(message.raw);  // excludes what is bound to other dialects (ContentsReader::raw_of)
  for (size_t i = 0; i < message.parts.size(); ++i) {
    const Part& part = message.parts[i];
    if (!part.opaque.empty() && part.opaque.origin.dialect != facts_.origin.dialect) {
      dropped_.add(path_of(path_of("contents", index, "parts"), i), DropReason::bound);
    }
    if (part.kind == PartKind::tool_call) calls_[part.id.escaped] = {part.name, calls_.size()};
  }
}

// Gemini has no such turn: the text goes into a user turn and is labelled.
void ContentsWriter::write_system(const Message& message, size_t index) {
  open(Turn::user);
  dropped_.add(path_of("messages", index), DropReason::changed);
  for (const Part& part : message.parts) {
    if (part.kind != PartKind::text || part.text.empty()) continue;
    json_.object().key("text");
    out_ += message.is_developer ? R"("[developer message]\n)" : R"("[system message]\n)";
    (out_ += part.text.escaped) += '"';
    json_.end_object();
  }
}

// --- parts ---

// Reports properties of a part that Gemini cannot express.
void ContentsWriter::note_unsaid(const Part& part, const std::string& path) {
  const bool is_text = text_of_document(part).has_value();  // its text includes title and context
  const std::pair<bool, std::string_view> unsaid[] = {{!part.cache_mark.empty(), ".cache_control"},
                                                      {!part.citations.empty(), ".citations"},
                                                      {!part.title.empty() && !is_text, ".title"},
                                                      {!part.context.empty() && !is_text, ".context"},
                                                      {!part.detail.empty() && part.detail != "auto", ".detail"}};
  for (const auto& [is_there, name] : unsaid) {
    if (is_there) dropped_.add(path + std::string(name), DropReason::unsupported);
  }
}

Result<void> ContentsWriter::write_part(const Part& part, Turn turn, const std::string& path) {
  const bool may_sign = !part.opaque.empty() && may_return(part.opaque, facts_.origin);
  note_unsaid(part, path);
  switch (part.kind) {
    case PartKind::text:
    case PartKind::refusal:
    case PartKind::compaction:
      if (part.kind == PartKind::compaction && part.text.empty())
        return cannot_take(path, "a compacted conversation can only be read by the provider that made it");
      if (!may_sign && !part.opaque.empty()) dropped_.add(path + ".signature", DropReason::bound);
      if (part.text.empty() && !may_sign) return {};
      open(turn);
      write_text(part.text, may_sign ? part.opaque.data.escaped : std::string_view());
      return {};
    case PartKind::thinking:
    case PartKind::redacted:
      write_thinking(part, path);
      return {};
    case PartKind::tool_call:
      open(Turn::model);
      write_call(part, path);
      return {};
    case PartKind::image:
    case PartKind::document:
    case PartKind::audio:
    case PartKind::video:
      open(turn);
      return write_media(part, path);
    case PartKind::tool_result:
    case PartKind::other:
      break;
  }
  return cannot_take(path, "'" + std::string(part.other_type) + "' has no equivalent in the target's API");
}

void ContentsWriter::write_thinking(const Part& part, const std::string& path) {
  if (part.opaque.empty() || !may_return(part.opaque, facts_.origin)) {
    dropped_.add(path, part.opaque.empty() ? DropReason::unsupported : DropReason::bound);
    return;
  }
  open(Turn::model);
  if (part.text.empty()) return write_text({}, part.opaque.data.escaped);
  json_.object().key("text");
  quoted(part.text);
  json_.member("thought", true).key("thoughtSignature");
  quoted(part.opaque.data);
  json_.end_object();
}

void ContentsWriter::write_call(const Part& part, const std::string& path) {
  calls_[part.id.escaped] = {part.name, calls_.size()};
  json_.object().key("functionCall").object();
  if (!part.id.empty()) {
    json_.key("id");
    quoted(part.id);
  }
  json_.key("name");
  quoted(names_.shorten(part.name, name_rules(facts_)));
  json_.key("args");
  if (part.call_kind == CallKind::custom) {
    append_custom_input(out_, part.arguments);
  } else {
    append_arguments_object(out_, part.arguments, path + ".arguments", dropped_);
  }
  json_.end_object();
  const bool signed_by_target = !part.opaque.empty() && may_return(part.opaque, facts_.origin);
  if (signed_by_target) {
    json_.key("thoughtSignature");
    quoted(part.opaque.data);
  } else {
    if (!part.opaque.empty()) dropped_.add(path + ".signature", DropReason::bound);
    if (signature_due_ && facts_.wants_call_signatures) json_.member("thoughtSignature", no_signature);
  }
  signature_due_ = false;
  json_.end_object();
}

// --- results of tools ---

// Writes the results in all consecutive tool messages from `index` on, in the order of their calls, since models match
// results by position. Moves `index` to the last of these messages.
Result<void> ContentsWriter::write_results(size_t& index) {
  struct Placed {
    const Part* part;
    std::string path;
    size_t place;
  };
  std::vector<Placed> results;
  size_t last = index;
  for (size_t at = index; at < request_.messages.size() && request_.messages[at].role == Role::tool; ++at) {
    if (is_own(request_.messages[at])) break;
    last = at;
    for (size_t i = 0; i < request_.messages[at].parts.size(); ++i) {
      const Part& part = request_.messages[at].parts[i];
      if (part.kind != PartKind::tool_result) continue;
      const auto call = calls_.find(part.id.escaped);
      results.push_back({&part, path_of(path_of("messages", at, "content"), i),
                         call == calls_.end() ? SIZE_MAX : call->second.place});
    }
  }
  index = last;
  std::stable_sort(results.begin(), results.end(), [](const Placed& a, const Placed& b) { return a.place < b.place; });
  std::vector<Late> late;
  for (const Placed& result : results) {
    open(Turn::results);
    if (const Result<void> done = write_result(*result.part, result.path, late); !done) return done;
  }
  JsonText told;
  for (const Late& media : late) {
    open(Turn::user);
    if (!(media.call == told))
      write_text(JsonText{"Returned by the tool call " + std::string(media.call.escaped) + ":"});
    told = media.call;
    if (const Result<void> done = write_media(*media.part, media.path); !done) return done;
  }
  return {};
}

Result<void> ContentsWriter::write_result(const Part& result, const std::string& path, std::vector<Late>& late) {
  note_unsaid(result, path);
  const auto call = calls_.find(result.id.escaped);
  JsonText name = call == calls_.end() ? result.name : call->second.name;
  if (name.empty()) {
    name = JsonText{"tool"};
    dropped_.add(path + ".name", DropReason::invented);
  }
  json_.object().key("functionResponse").object();
  if (!result.id.empty()) {
    json_.key("id");
    quoted(result.id);
  }
  json_.key("name");
  quoted(names_.shorten(name, name_rules(facts_)));
  json_.key("response").object().key(result.is_error == true ? "error" : "output");
  out_ += '"';
  bool first = true;
  const size_t late_before = late.size();
  std::vector<Late> within;
  for (size_t i = 0; i < result.parts.size(); ++i) {
    const Part& part = result.parts[i];
    const std::string here = path_of(path + ".content", i);
    const std::optional<std::string> document = text_of_document(part);
    note_unsaid(part, here);
    if (is_media(part) && !document) {
      const bool goes_within = facts_.wants_call_signatures && part.kind != PartKind::audio;
      (goes_within ? within : late).push_back({&part, here, result.id.empty() ? name : result.id});
      continue;
    }
    if (part.kind == PartKind::other) return cannot_take(here, "has no equivalent in the target's API");
    const std::string_view text = document ? *document : part.text.escaped;
    if (text.empty()) continue;
    if (!first) out_ += "\\n";
    first = false;
    out_ += text;
  }
  if (first && late.size() != late_before) out_ += "(what it returned follows in the next message)";
  out_ += '"';
  json_.end_object();
  if (!within.empty()) {
    json_.key("parts").array();
    for (const Late& media : within) {
      if (const Result<void> done = write_media(*media.part, media.path); !done) return done;
    }
    json_.end_array();
  }
  json_.end_object().end_object();
  return {};
}

// --- media ---

Result<void> ContentsWriter::write_media(const Part& part, const std::string& path) {
  if (const std::optional<std::string> text = text_of_document(part)) {
    write_text(JsonText{*text});
    return {};
  }
  switch (part.source.kind) {
    case Source::Kind::text:
      write_text(part.source.data);
      return {};
    case Source::Kind::base64:
    case Source::Kind::url:
      break;
    case Source::Kind::file_id:
      return cannot_take(path, "a file uploaded to another provider cannot be fetched");
    case Source::Kind::none:
      return cannot_take(path, "holds no data");
  }
  return write_source(part, path);
}

Result<void> ContentsWriter::write_source(const Part& part, const std::string& path) {
  const Source& source = part.source;
  const bool is_url = source.kind == Source::Kind::url;
  if (is_url && !facts_.takes_image_urls && !is_fetched_by_google(source.data.escaped))
    return cannot_take(path, "the target takes no URLs of other hosts: send the data itself");
  std::string_view type = source.media_type;
  if (type.empty()) type = is_url ? media_type_of_name(source.data.escaped) : sniff_media_type(source.data.escaped);
  if (type.empty() && !is_url) return cannot_take(path, "its media type is not known");
  json_.object().key(is_url ? "fileData" : "inlineData").object();
  if (!type.empty()) json_.member("mimeType", type);
  json_.key(is_url ? "fileUri" : "data");
  quoted(source.data);
  json_.end_object().end_object();
  return {};
}

}  // namespace sluice::api::gemini
