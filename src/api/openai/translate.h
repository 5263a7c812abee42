// Translates chat completions, and the older completions, to and from the neutral form (api/translation.h).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "api/asides.h"
#include "api/translation.h"
#include "base/json_writer.h"

namespace sluice::api::openai {

[[gnu::cold]] Result<std::unique_ptr<Request>> read_request(std::string_view body, const ReadContext& context);
// The target is always asked for chat completions, and for usage in a stream.
void set_facts(std::string_view model, TargetFacts& facts);
[[gnu::cold]] Result<void> write_request(const Request& request, const TargetFacts& facts, Dropped& dropped,
                                         WrittenRequest& written);
std::string path(std::string_view model, bool stream);
std::unique_ptr<EventReader> make_reader(const Origin& target);
std::unique_ptr<EventWriter> make_writer(const AnswerShape& shape);
std::unique_ptr<SentState> make_sent_state();
extern const EmbeddingRoom embedding_room;

// --- what the files of this folder share ---

// What the maker's own API accepts.
inline constexpr uint32_t max_call_id_bytes = 40, max_user_bytes = 64;

// Write a string that is already escaped: as a value, or as a member of the object that `json` is writing to `out`.
inline void write_text(std::string& out, JsonText text) {
  out += '"';
  out += text.escaped;
  out += '"';
}
inline void text_member(JsonWriter& json, std::string& out, std::string_view name, JsonText text) {
  json.key(name);
  write_text(out, text);
}

// Extra::type of what is not a member of a message: a part of its content, and a choice besides the first.
inline constexpr std::string_view unknown_part = "content_part", other_choice = "choice";
inline bool is_member(std::string_view extra) { return extra != unknown_part && extra != other_choice; }

// An entry of reasoning_details has a format besides its id, and a type that other dialects cannot express; it needs
// them when it is sent back. They are carried in Opaque::id: "FORMAT__ID", "FORMAT__ID__signed".
struct DetailName {
  std::string_view format{}, id{};
  bool signs_text = false;  // the signature of a reasoning.text
};
inline constexpr std::string_view signed_mark = "__signed";
inline DetailName detail_name_of(JsonText opaque_id) {
  DetailName name{{}, opaque_id.escaped};
  if (name.id.ends_with(signed_mark)) {
    name.signs_text = true;
    name.id.remove_suffix(signed_mark.size());
  }
  if (const size_t mark = name.id.find("__"); mark != std::string_view::npos) {
    name.format = name.id.substr(0, mark);
    name.id.remove_prefix(mark + 2);
  }
  return name;
}
inline std::string opaque_id_of(const DetailName& name) {
  std::string text;
  if (!name.format.empty()) (text = name.format) += "__";
  text += name.id;
  if (name.signs_text) text += signed_mark;
  return text;
}

}  // namespace sluice::api::openai
