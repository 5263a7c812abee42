// Translates Messages requests and answers to and from the neutral form (api/translation.h says what each function
// does).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "api/translation.h"
#include "base/json_writer.h"

namespace sluice::api::anthropic {

inline constexpr Dialect own = Dialect::anthropic;

// Reads requests to /v1/messages and to its count_tokens, which have no max_tokens.
[[gnu::cold]] Result<std::unique_ptr<Request>> read_request(std::string_view body, const ReadContext& context);
void set_facts(std::string_view model, TargetFacts& facts);
[[gnu::cold]] Result<void> write_request(const Request& request, const TargetFacts& facts, Dropped& dropped,
                                         WrittenRequest& written);
std::string path(std::string_view model, bool stream);
std::unique_ptr<EventReader> make_reader(const Origin& target);
std::unique_ptr<EventWriter> make_writer(const AnswerShape& shape);
std::unique_ptr<SentState> make_sent_state();
void write_provider_error(const ProviderError& error, std::string_view request_id, std::string& out);

// Stands in place of Opaque::id when an answer writer wraps a call's signature. tool_use has no place for a signature,
// so it goes into a redacted thinking block before the call, and the request reader gives it back to the call.
inline constexpr std::string_view call_mark = "call";

// Appends an already escaped string as a member of the object that is being written to `out`.
inline void escaped_member(std::string& out, std::string_view name, JsonText text) {
  if (out.back() != '{') out += ',';
  append_json_string(out, name);
  out += ":\"";
  out += text.escaped;
  out += '"';
}

}  // namespace sluice::api::anthropic
