// Thought signatures. Gemini's own stay as they are; what is opaque of another dialect is given to Gemini's callers in
// their place, with its origin in it (provenance.h), in base64: SDKs refuse a signature that is none.
#pragma once

#include <string>
#include <string_view>

#include "api/json_value.h"
#include "api/provenance.h"

namespace sluice::api::gemini {

// How the base64 of what is wrapped begins, also where "redacted:" stands before it.
inline constexpr std::string_view wrapped_beginning = "c2x1aWNlL";

// What stands between the quotes of `thoughtSignature`. `is_redacted`: it is all that there is of a thinking.
std::string signature_of(const Opaque& opaque, bool is_redacted);

struct Signature {
  Opaque opaque{};
  bool is_foreign = false;  // of another dialect: it belongs to a thinking, not to the part at which it stands
  bool is_redacted = false;
};
// `arena` keeps what had to be decoded.
Signature read_signature(JsonText text, TextArena& arena);

// For a call that no Gemini model made, where the model wants a signature (ai.google.dev/gemini-api/docs/
// thought-signatures).
inline constexpr std::string_view no_signature = "skip_thought_signature_validator";

}  // namespace sluice::api::gemini
