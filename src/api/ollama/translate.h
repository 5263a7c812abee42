// Translation functions of Ollama's dialect: /api/chat and /api/generate, for callers and for targets.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "api/asides.h"
#include "api/translation.h"
#include "base/json_writer.h"

namespace sluice::api::ollama {

[[gnu::cold]] Result<std::unique_ptr<Request>> read_request(std::string_view body, const ReadContext& context);
// Targets are always asked by /api/chat, except for a request that came to /api/generate in this dialect.
void set_facts(std::string_view model, TargetFacts& facts);
[[gnu::cold]] Result<void> write_request(const Request& request, const TargetFacts& facts, Dropped& dropped,
                                         WrittenRequest& written);
std::unique_ptr<EventReader> make_reader(const Origin& target);
std::unique_ptr<EventWriter> make_writer(const AnswerShape& shape);
extern const EmbeddingRoom embedding_room;
void write_provider_error(const ProviderError& error, std::string_view request_id, std::string& out);

inline constexpr Dialect own = Dialect::ollama;

// Appends an already escaped string, with quotes.
inline void append_text(std::string& out, JsonText text) {
  out += '"';
  out += text.escaped;
  out += '"';
}
// Appends a key with such a string as its value. `json` writes to `out`.
inline void text_member(JsonWriter& json, std::string& out, std::string_view key, JsonText text) {
  json.key(key);
  append_text(out, text);
}

}  // namespace sluice::api::ollama
