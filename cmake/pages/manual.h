// Manual pages (man(7)): sluice(1) from the program's table of commands, sluice.json(5) from docs/configuration.md.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace sluice::pages {

std::string command_manual(const CLI::App& app);
// Writes into `page`; returns the error, if any: an unreadable file, or a field of the program that the file does not
// describe.
std::string field_manual(const std::string& configuration_md, std::string& page);

}  // namespace sluice::pages
