// Thought signatures. Gemini's stay unchanged. Gemini's callers get another dialect's opaque data in their place,
// wrapped with its origin (provenance.h) in base64, since SDKs reject a signature that is not base64.
#pragma once

#include <string>
#include <string_view>

#include "api/json_value.h"
#include "api/provenance.h"

namespace sluice::api::gemini {

// How the base64 of wrapped data begins, even if "redacted:" stands before it.
inline constexpr std::string_view wrapped_beginning = "c2x1aWNlL";

// The value of `thoughtSignature`, without quotes. `is_redacted`: the thinking has nothing else.
std::string signature_of(const Opaque& opaque, bool is_redacted);

struct Signature {
  Opaque opaque{};
  bool is_foreign = false;  // of another dialect: it belongs to a thinking, not to the part that carries it
  bool is_redacted = false;
};
// `arena` keeps decoded text.
Signature read_signature(JsonText text, TextArena& arena);

// For a call that no Gemini model made, if the model requires a signature
// (ai.google.dev/gemini-api/docs/thought-signatures).
inline constexpr std::string_view no_signature = "skip_thought_signature_validator";

}  // namespace sluice::api::gemini
