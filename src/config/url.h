// Reads a provider's base URL (the useful part of RFC 3986).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "config/config.h"

namespace sluice::config {

// "https://api.openai.com/v1", "http://[::1]:11434", "demo:". No user, query or fragment; trailing slashes are dropped,
// the host is lower-cased, a missing port becomes the scheme's. The error (code config) says what is wrong and never
// repeats the text, which may hold a password.
Result<Url> parse_url(std::string_view text);

}  // namespace sluice::config
