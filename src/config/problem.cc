#include "config/problem.h"

namespace sluice::config {

std::string describe(const Problem& problem) {
  std::string text = problem.source;
  if (problem.line > 0) text += ":" + std::to_string(problem.line) + ":" + std::to_string(problem.column);
  if (!text.empty()) text += ": ";
  if (!problem.path.empty()) text += problem.path + ": ";
  text += problem.what;
  if (!problem.suggestion.empty()) text += "; did you mean " + problem.suggestion + "?";
  if (!problem.allowed.empty()) text += " (" + problem.allowed + ")";
  return text;
}

}  // namespace sluice::config
