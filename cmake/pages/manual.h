// Manual pages (man(7)): sluice(1) from the program's table of commands, sluice.json(5) from docs/configuration.md.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace sluice::pages {

std::string command_manual(const CLI::App& app);
// Into `page`; returns what is wrong: a file that cannot be read, a field of the program's that it does not describe.
std::string field_manual(const std::string& configuration_md, std::string& page);

}  // namespace sluice::pages
