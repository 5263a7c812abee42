// Messages requests and answers in the neutral form and out of it (api/translation.h says what each does).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "api/translation.h"
#include "base/json_writer.h"

namespace sluice::api::anthropic {

inline constexpr Dialect own = Dialect::anthropic;

// Requests of /v1/messages, and those of its count_tokens, which have no max_tokens.
Result<std::unique_ptr<Request>> read_request(std::string_view body, const ReadContext& context);
void set_facts(std::string_view model, TargetFacts& facts);
Result<void> write_request(const Request& request, const TargetFacts& facts, Dropped& dropped, WrittenRequest& written);
std::string path(std::string_view model, bool stream);
std::unique_ptr<EventReader> make_reader(const Origin& target);
std::unique_ptr<EventWriter> make_writer(const AnswerShape& shape);
std::unique_ptr<SentState> make_sent_state();
void write_provider_error(const ProviderError& error, std::string_view request_id, std::string& out);

// What a writer of answers puts where Opaque::id stands in the wrapping of a call's signature: tool_use has no place
// for one, so it goes in redacted thinking of its own before the call, and the reader of requests gives it back to it.
inline constexpr std::string_view call_mark = "call";

// Appends a string that is escaped already, as a member of the object that is being written to `out`.
inline void escaped_member(std::string& out, std::string_view name, JsonText text) {
  if (out.back() != '{') out += ',';
  append_json_string(out, name);
  out += ":\"";
  out += text.escaped;
  out += '"';
}

}  // namespace sluice::api::anthropic
