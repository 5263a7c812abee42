// This dialect's translation functions (api/translation.h): requests to and from the neutral form, answers to and from
// events.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "api/asides.h"
#include "api/translation.h"

namespace sluice::api::gemini {

// Reads `contents` of generateContent, streamGenerateContent and countTokens (also within generateContentRequest).
[[gnu::cold]] Result<std::unique_ptr<Request>> read_request(std::string_view body, const ReadContext& context);
void set_facts(std::string_view model, TargetFacts& facts);
[[gnu::cold]] Result<void> write_request(const Request& request, const TargetFacts& facts, Dropped& dropped,
                                         WrittenRequest& written);
std::string target_path(std::string_view model, bool stream);
std::unique_ptr<EventReader> make_reader(const Origin& target);
std::unique_ptr<EventWriter> make_writer(const AnswerShape& shape);
extern const EmbeddingRoom embedding_room;

}  // namespace sluice::api::gemini
