#include "config/config.h"

#include <algorithm>

namespace sluice::config {

bool Provider::speaks(Dialect dialect) const {
  return std::find(dialects.begin(), dialects.end(), dialect) != dialects.end();
}

std::string_view Provider::path_for(Dialect dialect) const {
  const std::optional<std::string>& own = base_paths[static_cast<size_t>(dialect)];
  return own ? *own : base_url.path;
}

const Provider* Config::provider(std::string_view name) const {
  const auto found =
      std::find_if(providers.begin(), providers.end(), [&](const Provider& p) { return p.name == name; });
  return found == providers.end() ? nullptr : &*found;
}

}  // namespace sluice::config
