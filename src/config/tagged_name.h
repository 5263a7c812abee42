// Names of models with tags, as Ollama has them: "llama3.2", "llama3.2:latest", "Library/Llama3.2" and
// "registry.ollama.ai/library/llama3.2" are one.
#pragma once

#include <string>
#include <string_view>

#include "base/dialect.h"
#include "config/config.h"

namespace sluice::config {

// Whose providers name their models so, as do those of the family (family.h) of that name.
inline constexpr Dialect tagging_dialect = Dialect::ollama;
// The demo has its own names only.
inline bool tags_names(const Provider& provider) { return provider.speaks(tagging_dialect) && !provider.base_url.demo; }

// The one spelling that all names of a model have in common: [host/][namespace/]model:tag in lower case, without
// Ollama's own host and its namespace "library". Empty where Ollama would take it for no name: parts that are empty, of
// other characters, or too many.
std::string tagged_name(std::string_view name);

// The same name with ":latest" where it has no tag, without it where it has that; empty where it has another tag, or is
// no name. Nothing else of it is changed.
std::string with_or_without_latest(std::string_view name);

}  // namespace sluice::config
