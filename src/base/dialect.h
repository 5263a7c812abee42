// The wire formats sluice speaks, and their names in configuration and metrics.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace sluice {

enum class Dialect : unsigned char { openai, responses, anthropic, gemini, ollama };

inline constexpr std::array<std::string_view, 5> dialect_names = {"openai", "responses", "anthropic", "gemini",
                                                                  "ollama"};

constexpr std::string_view name_of(Dialect dialect) { return dialect_names[static_cast<size_t>(dialect)]; }

constexpr std::optional<Dialect> dialect_named(std::string_view name) {
  for (size_t i = 0; i < dialect_names.size(); ++i) {
    if (dialect_names[i] == name) return static_cast<Dialect>(i);
  }
  return std::nullopt;
}

// The provider that a dialect is named after.
constexpr std::string_view maker_of(Dialect dialect) {
  return name_of(dialect == Dialect::responses ? Dialect::openai : dialect);
}

}  // namespace sluice
