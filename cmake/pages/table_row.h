// A row of a Markdown table.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::pages {

// Its cells, trimmed; empty if the line is not a row. "\|" is a literal bar inside a cell.
inline std::vector<std::string> cells_of(std::string_view line) {
  std::vector<std::string> cells;
  if (!line.starts_with("|")) return cells;
  std::string cell;
  for (size_t i = 1; i < line.size(); ++i) {
    if (line[i] == '|' && line[i - 1] == '\\') {
      cell.back() = '|';
    } else if (line[i] == '|') {
      const size_t first = cell.find_first_not_of(' ');
      cells.push_back(first == std::string::npos ? "" : cell.substr(first, cell.find_last_not_of(' ') - first + 1));
      cell.clear();
    } else {
      cell += line[i];
    }
  }
  return cells;
}

}  // namespace sluice::pages
