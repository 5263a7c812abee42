#include "config/allowed_models.h"

#include <algorithm>
#include <utility>

namespace sluice::config {
namespace {

bool is_prefix(std::string_view name) { return name.ends_with('*'); }

std::string_view prefix_of(std::string_view name) { return name.substr(0, name.size() - 1); }

}  // namespace

AllowedModels::AllowedModels(std::vector<std::string> names) : names_(std::move(names)) {
  const auto first_prefix =
      std::stable_partition(names_.begin(), names_.end(), [](const std::string& name) { return !is_prefix(name); });
  std::sort(names_.begin(), first_prefix);
  std::sort(first_prefix, names_.end(),
            [](const std::string& a, const std::string& b) { return prefix_of(a) < prefix_of(b); });
  // A prefix that begins like another one is sorted right after it.
  const auto end = std::unique(first_prefix, names_.end(), [](const std::string& kept, const std::string& next) {
    return next.starts_with(prefix_of(kept));
  });
  names_.erase(end, names_.end());
  const auto whole_end = std::unique(names_.begin(), first_prefix);
  whole_ = static_cast<size_t>(whole_end - names_.begin());
  names_.erase(whole_end, first_prefix);
}

bool AllowedModels::has(std::string_view name) const {
  const auto first_prefix = names_.begin() + static_cast<std::ptrdiff_t>(whole_);
  const auto found = std::lower_bound(names_.begin(), first_prefix, name);
  if (found != first_prefix && *found == name) return true;
  // The last prefix that sorts before the name: no other can match, since no prefix begins like another.
  const auto after =
      std::upper_bound(first_prefix, names_.end(), name,
                       [](std::string_view wanted, const std::string& prefix) { return wanted < prefix_of(prefix); });
  return after != first_prefix && name.starts_with(prefix_of(*(after - 1)));
}

}  // namespace sluice::config
