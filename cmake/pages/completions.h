// Completions for shells, from the program's table of commands. See command_line.h for the meaning of type names.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace sluice::pages {

std::string bash_completion(const CLI::App& app);
std::string zsh_completion(const CLI::App& app);
std::string fish_completion(const CLI::App& app);

}  // namespace sluice::pages
