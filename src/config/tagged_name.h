// Model names with tags, in Ollama's style: "llama3.2", "llama3.2:latest", "Library/Llama3.2" and
// "registry.ollama.ai/library/llama3.2" are the same model.
#pragma once

#include <string>
#include <string_view>

#include "base/dialect.h"
#include "config/config.h"

namespace sluice::config {

// Providers that speak this dialect use such names; so does the family (family.h) of that name.
inline constexpr Dialect tagging_dialect = Dialect::ollama;
// The demo provider uses only its own names.
inline bool tags_names(const Provider& provider) { return provider.speaks(tagging_dialect) && !provider.base_url.demo; }

// The canonical spelling of a model's name: [host/][namespace/]model:tag in lower case, without Ollama's own host and
// its namespace "library". Empty if Ollama would reject the name: empty parts, other characters, or too many parts.
std::string tagged_name(std::string_view name);

// The name with ":latest" added if it has no tag, or removed if it has that tag; empty if it has another tag, or is not
// a valid name. Nothing else is changed.
std::string with_or_without_latest(std::string_view name);

}  // namespace sluice::config
