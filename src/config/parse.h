// From the text of sluice.json to a Config, or to everything that is wrong with it at once.
#pragma once

#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "config/config.h"
#include "config/environment.h"
#include "config/origins.h"
#include "config/problem.h"

namespace sluice::config {

// `file_name` is what problems call the file; where it exists and others may read it, literal secrets make a warning.
// Variables come from `environment`, also the usual key variables of presets. Files of secrets and certificates are
// looked at. A file without providers gives a Config without any: see discover.h. Does not look at what only the whole
// can tell: see validate.h.
tl::expected<Config, std::vector<Problem>> parse(std::string_view text, std::string_view file_name,
                                                 const Environment& environment, Origins* origins = nullptr);

}  // namespace sluice::config
