// The process's environment as a parameter, so that tests control it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/text.h"

namespace sluice::config {

// The value of a variable; nullopt if it is not set.
using Environment = std::function<std::optional<std::string>(std::string_view)>;

// The value of a variable that is set and not empty.
inline std::optional<std::string> set_variable(const Environment& environment, std::string_view name) {
  std::optional<std::string> value = environment(name);
  if (value && value->empty()) value.reset();
  return value;
}

// The key that the start-up block (banner.h) tells programs to send if none is required. In a shell set up that way, it
// is not a provider's key.
inline constexpr std::string_view placeholder_key = "none";

// A provider's key from a variable, with surrounding white space trimmed. Not checked yet: see key_fault() in secret.h.
inline std::optional<std::string> key_variable(const Environment& environment, std::string_view name) {
  const std::optional<std::string> value = environment(name);
  if (!value) return std::nullopt;
  const std::string_view key = trim(*value, white_space);
  if (key.empty() || key == placeholder_key) return std::nullopt;
  return std::string(key);
}
// Whether a variable is set but empty: it counts as not set, with a warning.
inline bool is_empty_variable(const Environment& environment, std::string_view name) {
  const std::optional<std::string> value = environment(name);
  return value && trim(*value, white_space).empty();
}
inline std::string empty_variable_note(std::string_view name) {
  return std::string(name) + " is set, but empty: it counts as not set";
}

}  // namespace sluice::config
