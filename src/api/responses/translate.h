// Requests and answers of OpenAI's responses, into the neutral form and out of it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "api/resumption.h"
#include "api/translation.h"
#include "base/json_writer.h"

namespace sluice::api::responses {

Result<std::unique_ptr<Request>> read_request(std::string_view body, const ReadContext& context);
void set_facts(std::string_view model, TargetFacts& facts);
Result<void> write_request(const Request& request, const TargetFacts& facts, Dropped& dropped, WrittenRequest& written);
std::string path_below(std::string_view model, bool stream);
std::unique_ptr<EventReader> make_reader(const Origin& target);
std::unique_ptr<EventWriter> make_writer(const AnswerShape& shape);
std::unique_ptr<SentState> make_sent_state();
extern const ResumptionRoom resumption;

// --- what readers and writers of this folder have in common ---

// Tool::other_type of tools that are functions elsewhere. Those of a namespace are called "namespace.name" there.
inline constexpr std::string_view namespace_tool = "namespace";
inline constexpr std::string_view search_tool = "tool_search";

// Opaque::id of what a reasoning item carries for others: it belongs to the call behind it, or nothing of the thinking
// may be shown.
inline constexpr std::string_view of_next_call = "call";
inline constexpr std::string_view of_redacted = "redacted";

// Endpoint::name of what asks for a compacted conversation; and Opaque::id of a summary that one of our targets made of
// it, which any other can read: in base64.
inline constexpr std::string_view compact_endpoint = "responses/compact";
inline constexpr std::string_view of_summary = "summary";

// An item that is a picture which the model had made.
inline constexpr std::string_view made_image = "image_generation_call";

// What a model is told through `include`.
inline constexpr std::string_view include_encrypted = "reasoning.encrypted_content";
inline constexpr std::string_view include_logprobs = "message.output_text.logprobs";

// Whether the list `include` has that word.
inline bool includes(JsonValue list, std::string_view word) {
  for (const JsonValue element : list) {
    if (element.word() == word) return true;
  }
  return false;
}

// The pieces of an item that has several: a blank line is between them.
inline constexpr std::string_view between_pieces = R"(\n\n)";

// A writer that takes texts that are escaped already.
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

// Tool's name that OpenAI takes: letters, digits, '_' and '-'.
inline ToolNames::Rules name_rules(const TargetFacts& facts) { return {facts.max_tool_name_bytes, false, false}; }

}  // namespace sluice::api::responses
