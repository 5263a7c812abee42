// Translates requests and answers of OpenAI's responses to and from the neutral form.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "api/resumption.h"
#include "api/translation.h"
#include "base/json_writer.h"

namespace sluice::api::responses {

[[gnu::cold]] Result<std::unique_ptr<Request>> read_request(std::string_view body, const ReadContext& context);
void set_facts(std::string_view model, TargetFacts& facts);
[[gnu::cold]] Result<void> write_request(const Request& request, const TargetFacts& facts, Dropped& dropped,
                                         WrittenRequest& written);
std::string path_below(std::string_view model, bool stream);
std::unique_ptr<EventReader> make_reader(const Origin& target);
std::unique_ptr<EventWriter> make_writer(const AnswerShape& shape);
std::unique_ptr<SentState> make_sent_state();
extern const ResumptionRoom resumption;

// --- what the readers and writers of this folder share ---

// Tool::other_type of tools that are functions elsewhere. Those of a namespace are called "namespace.name" there.
inline constexpr std::string_view namespace_tool = "namespace";
inline constexpr std::string_view search_tool = "tool_search";

// Opaque::id of data that a reasoning item carries for other dialects: it belongs to the next call, or the thinking may
// not be shown.
inline constexpr std::string_view of_next_call = "call";
inline constexpr std::string_view of_redacted = "redacted";

// Endpoint::name of requests for a compacted conversation, and Opaque::id of a summary that one of our targets made of
// it: base64, which any other target can be given.
inline constexpr std::string_view compact_endpoint = "responses/compact";
inline constexpr std::string_view of_summary = "summary";

// An item with a picture that the model had generated.
inline constexpr std::string_view made_image = "image_generation_call";

// Words of `include`.
inline constexpr std::string_view include_encrypted = "reasoning.encrypted_content";
inline constexpr std::string_view include_logprobs = "message.output_text.logprobs";

// Whether the list `include` has that word.
inline bool includes(JsonValue list, std::string_view word) {
  for (const JsonValue element : list) {
    if (element.word() == word) return true;
  }
  return false;
}

// Separates the pieces of an item that has several: a blank line.
inline constexpr std::string_view between_pieces = R"(\n\n)";

// A writer for texts that are already escaped.
class TextWriter final : public JsonWriter {
 public:
  explicit TextWriter(std::string& out) : JsonWriter(out), out_(out) {}
  TextWriter& text(JsonText of) {
    raw("\"");
    out_ += of.escaped;
    out_ += '"';
    return *this;
  }
  TextWriter& text_key(JsonText name) {
    text(name);
    out_ += ':';
    return *this;
  }
  TextWriter& text_member(std::string_view name, JsonText of) {
    key(name);
    return text(of);
  }

 private:
  std::string& out_;
};

// Tool names that OpenAI accepts: letters, digits, '_' and '-'.
inline ToolNames::Rules name_rules(const TargetFacts& facts) { return {facts.max_tool_name_bytes, false, false}; }

}  // namespace sluice::api::responses
