#include "config/fact_rows.h"

namespace sluice::config {

bool FactRow::is_of(std::string_view model) const {
  const std::string_view pattern = models;
  return pattern.ends_with('*') ? model.starts_with(pattern.substr(0, pattern.size() - 1)) : model == pattern;
}

}  // namespace sluice::config
