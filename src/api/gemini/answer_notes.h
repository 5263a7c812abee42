// What an answer tells beside its content: token counts, errors, sources, probabilities.
#pragma once

#include <cstdint>
#include <string>

#include "api/event.h"
#include "api/json_value.h"
#include "api/usage.h"

namespace sluice::api::gemini {

// Not of any part.
inline constexpr uint32_t no_part = UINT32_MAX;

// Adds one frame's `usageMetadata` to what is known of the counts.
AnswerUsage read_usage(JsonValue metadata, SentCounts& counts);
ProviderError read_error_object(JsonValue error);
// Where in the text of `part` its sources are said: groundingMetadata and citationMetadata of a candidate.
// `counts_bytes`: a byte of the text is a character, so that Gemini's places, which are of bytes, hold.
void tell_citations(JsonValue candidate, uint32_t part, bool counts_bytes, EventSink& sink);
// Whether a byte of a JSON text is a character of what it means, and nothing in it is outside of ASCII.
bool is_ascii(JsonText text);
// `logprobsResult` as the array of tokens that events have.
void append_logprobs(std::string& out, JsonValue result);
// That array as `logprobsResult`.
void append_logprobs_result(std::string& out, JsonValue tokens);

}  // namespace sluice::api::gemini
