#include "config/config.h"

#include <algorithm>

#include "config/presets.h"

namespace sluice::config {

bool Provider::speaks(Dialect dialect) const {
  return std::find(dialects.begin(), dialects.end(), dialect) != dialects.end();
}

std::string_view Provider::path_for(Dialect dialect) const {
  const std::optional<std::string>& own = base_paths[static_cast<size_t>(dialect)];
  return own ? *own : base_url.path;
}

std::string Provider::path_beside() const {
  if (versions_at_root) return {};
  const std::string_view path = base_url.path;
  return std::string(path.substr(0, path.size() - version_of(path).size()));
}

const Provider* Config::provider(std::string_view name) const {
  const auto found =
      std::find_if(providers.begin(), providers.end(), [&](const Provider& p) { return p.name == name; });
  return found == providers.end() ? nullptr : &*found;
}

}  // namespace sluice::config
