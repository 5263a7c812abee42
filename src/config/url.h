// Reads the base URL of a provider (RFC 3986, what of it makes sense there).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "config/config.h"

namespace sluice::config {

// "https://api.openai.com/v1", "http://[::1]:11434", "demo:". No user, query or fragment; trailing slashes are dropped,
// the host is made lower case, a missing port becomes the scheme's. The error (code config) says what is wrong and
// never repeats the text, which may hold a password.
Result<Url> parse_url(std::string_view text);

}  // namespace sluice::config
