// Errors as Gemini's callers know them (google.rpc.Status).
#pragma once

#include <string>

#include "api/event.h"

namespace sluice::api::gemini {

// {"error":{"code","message","status","details"}}: the provider's message, and its code as the reason where it is no
// word of Google's.
void write_provider_error(const ProviderError& error, std::string& out);

}  // namespace sluice::api::gemini
