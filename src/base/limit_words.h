// What a rate limit applies to, and what it limits: words shared by the limits, their metrics and their page.
#pragma once

#include <array>
#include <string_view>

namespace sluice {

enum class LimitSubject : unsigned char { key, provider, model };
inline constexpr std::array<std::string_view, 3> limit_subject_names = {"key", "provider", "model"};

enum class LimitKind : unsigned char { requests, tokens, concurrent };
inline constexpr std::array<std::string_view, 3> limit_kind_names = {"requests", "tokens", "concurrent"};

}  // namespace sluice
