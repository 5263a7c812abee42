// Which provider makes a model: how a bare "gpt-4o" or "claude-sonnet-4-5" finds its provider.
#pragma once

#include <string_view>

namespace sluice::config {

// The preset (presets.h) that a bare model name belongs to by its prefix: "gpt-4o" -> "openai". Empty: unknown. A
// literal.
std::string_view family_of(std::string_view model);
// Whether this provider makes models and serves no others' as far as is known: "openai", but not "openrouter", "ollama"
// or an operator's own provider.
bool is_maker(std::string_view provider);

}  // namespace sluice::config
