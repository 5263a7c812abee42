// Checks that the fallbacks of "models" exist and form no loop.
#pragma once

#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/reader.h"

namespace sluice::config {

// Reports each fallback that is neither a name of `models` nor "provider/model", and each one that closes a loop.
// `node`: "models" in the file; `models`: one for each of its members. `provider_names` as for read_models().
void check_fallbacks(Reading& reading, const Node& node, const std::vector<std::string_view>& provider_names,
                     const std::vector<Model>& models);

}  // namespace sluice::config
