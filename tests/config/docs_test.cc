// docs/configuration.md names every field and preset that the parser knows, and no other.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "../../cmake/pages/table_row.h"
#include "config/fields.h"
#include "config/presets.h"

namespace sluice::config {
namespace {

std::vector<std::string> lines_of_docs() {
  const std::filesystem::path here = std::filesystem::path(__FILE__).parent_path();
  std::ifstream file(here / ".." / ".." / "docs" / "configuration.md");
  REQUIRE(file.is_open());
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

std::string unquoted(const std::string& cell) {
  const bool quoted = cell.size() > 2 && cell.front() == '`' && cell.back() == '`';
  return quoted ? cell.substr(1, cell.size() - 2) : "";
}

// Heading (without its #s) -> rows of the tables below it, without their head rows.
std::map<std::string, std::vector<std::vector<std::string>>> tables_of_docs() {
  std::map<std::string, std::vector<std::vector<std::string>>> tables;
  std::string heading;
  for (const std::string& line : lines_of_docs()) {
    if (line.starts_with("#")) heading = line.substr(line.find(' ') + 1);
    const std::vector<std::string> cells = pages::cells_of(line);
    if (!cells.empty() && cells[0].starts_with('`')) tables[heading].push_back(cells);
  }
  return tables;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

TEST_CASE("the docs have a table for each object of the file, with exactly its fields") {
  const auto tables = tables_of_docs();
  std::set<std::string> objects;
  for (const fields::Table& table : fields::all) {
    const std::string heading = table.path.empty() ? "`sluice.json`" : "`" + std::string(table.path) + "`";
    INFO(heading);
    objects.insert(heading);
    REQUIRE(tables.contains(heading));
    std::set<std::string> documented;
    for (const auto& row : tables.at(heading)) documented.insert(unquoted(row[0]));
    CHECK(documented == std::set<std::string>(table.names.begin(), table.names.end()));
    for (const auto& row : tables.at(heading)) CHECK(row.size() == 3);
  }
  for (const auto& [heading, rows] : tables) {
    if (!heading.starts_with('`')) continue;
    INFO(heading);
    CHECK(objects.contains(heading));
  }
}

TEST_CASE("the docs show every preset as it is") {
  const auto tables = tables_of_docs();
  REQUIRE(tables.contains("Presets"));
  const auto& rows = tables.at("Presets");
  REQUIRE(rows.size() == presets().size());
  for (size_t i = 0; i < rows.size(); ++i) {
    const Preset& preset = presets()[i];
    INFO(preset.name);
    REQUIRE(rows[i].size() == 6);
    CHECK(unquoted(rows[i][0]) == preset.name);
    CHECK(unquoted(rows[i][1]) == preset.base_url);
    CHECK(replaced(rows[i][2], ",", "") == preset.dialects);
    CHECK(rows[i][3] == preset.auth);
    const std::string variables = preset.key_variables.empty() ? "none" : "`" + std::string(preset.key_variables) + "`";
    CHECK(replaced(rows[i][4], "`, `", " ") == variables);
    CHECK((rows[i][5].find("`leave`") != std::string::npos) == !preset.ask_usage);
    CHECK((rows[i][5].find("only if the file names it") != std::string::npos) == preset.only_if_named);
    const std::string anthropic = "anthropic at `" + std::string(preset.anthropic_path) + "`";
    CHECK((rows[i][5].find(anthropic) != std::string::npos) == !preset.anthropic_path.empty());
  }
}

}  // namespace
}  // namespace sluice::config
