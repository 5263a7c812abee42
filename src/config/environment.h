// The process's environment as a parameter, so that tests own it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::config {

// The value of a variable; nullopt where it is not set.
using Environment = std::function<std::optional<std::string>(std::string_view)>;

// The value of a variable that is set and not empty.
inline std::optional<std::string> set_variable(const Environment& environment, std::string_view name) {
  std::optional<std::string> value = environment(name);
  if (value && value->empty()) value.reset();
  return value;
}

// What the start-up block (banner.h) tells programs to send as a key where none is asked for. In a shell that was set
// up so, it is no provider's key.
inline constexpr std::string_view placeholder_key = "none";

// The value of a variable that is set to a provider's key.
inline std::optional<std::string> key_variable(const Environment& environment, std::string_view name) {
  std::optional<std::string> value = set_variable(environment, name);
  if (value && *value == placeholder_key) value.reset();
  return value;
}

}  // namespace sluice::config
