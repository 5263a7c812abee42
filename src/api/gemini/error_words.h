// Errors in the form Gemini's callers expect (google.rpc.Status).
#pragma once

#include <string>

#include "api/event.h"

namespace sluice::api::gemini {

// {"error":{"code","message","status","details"}}: the provider's message; its code becomes the reason if it is not one
// of Google's status words.
void write_provider_error(const ProviderError& error, std::string& out);

}  // namespace sluice::api::gemini
