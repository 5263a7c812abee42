// Which provider makes the models of a name: how a bare "gpt-4o" or "claude-sonnet-4-5" finds its provider.
#pragma once

#include <string_view>

namespace sluice::config {

// The preset (presets.h) that a bare model name belongs to by its beginning: "gpt-4o" -> "openai". Empty: none is
// known. A literal.
std::string_view family_of(std::string_view model);
// Whether the provider of that name makes models of its own and serves no others, as far as is known: "openai", and not
// "openrouter", "ollama" or one of the operator's own.
bool is_maker(std::string_view provider);

}  // namespace sluice::config
