// What an answer reports besides its content: token counts, errors, sources, probabilities.
#pragma once

#include <cstdint>
#include <string>

#include "api/event.h"
#include "api/json_value.h"
#include "api/usage.h"

namespace sluice::api::gemini {

// Belongs to no part.
inline constexpr uint32_t no_part = UINT32_MAX;

// Adds one frame's `usageMetadata` to the counts known so far.
AnswerUsage read_usage(JsonValue metadata, SentCounts& counts);
ProviderError read_error_object(JsonValue error);
// Reports the sources that a candidate's groundingMetadata and citationMetadata name for the text of `part`.
// `counts_bytes`: every character of the text is one byte, so Gemini's byte offsets are valid as character offsets.
void tell_citations(JsonValue candidate, uint32_t part, bool counts_bytes, EventSink& sink);
// Whether a JSON text holds only ASCII characters once unescaped, so that each is one byte.
bool is_ascii(JsonText text);
// Appends `logprobsResult` in the form events use: an array of tokens.
void append_logprobs(std::string& out, JsonValue result);
// The reverse: appends that array as `logprobsResult`.
void append_logprobs_result(std::string& out, JsonValue tokens);

}  // namespace sluice::api::gemini
