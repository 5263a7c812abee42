// Base64 (RFC 4648 4).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sluice {

std::string base64_of(std::string_view bytes);
// nullopt: not Base64. The '=' at the end may be missing.
std::optional<std::string> base64_decoded(std::string_view text);

}  // namespace sluice
