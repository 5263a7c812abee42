// What of Ollama's room translates: /api/chat and /api/generate, as a caller's and as a target's.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "api/asides.h"
#include "api/translation.h"
#include "base/json_writer.h"

namespace sluice::api::ollama {

Result<std::unique_ptr<Request>> read_request(std::string_view body, const ReadContext& context);
// A target is asked by /api/chat always, but for a request of /api/generate that came as one.
void set_facts(std::string_view model, TargetFacts& facts);
Result<void> write_request(const Request& request, const TargetFacts& facts, Dropped& dropped, WrittenRequest& written);
std::unique_ptr<EventReader> make_reader(const Origin& target);
std::unique_ptr<EventWriter> make_writer(const AnswerShape& shape);
extern const EmbeddingRoom embedding_room;
void write_provider_error(const ProviderError& error, std::string_view request_id, std::string& out);

inline constexpr Dialect own = Dialect::ollama;

// A string that is escaped already, with its quotes.
inline void append_text(std::string& out, JsonText text) {
  out += '"';
  out += text.escaped;
  out += '"';
}
// The same as the value behind a key. `json` writes to `out`.
inline void text_member(JsonWriter& json, std::string& out, std::string_view key, JsonText text) {
  json.key(key);
  append_text(out, text);
}

}  // namespace sluice::api::ollama
