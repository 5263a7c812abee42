// From the text of sluice.json to a Config, or to a list of everything that is wrong with it.
#pragma once

#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "config/config.h"
#include "config/environment.h"
#include "config/origins.h"
#include "config/problem.h"

namespace sluice::config {

// `file_name` is the source named in problems; if that file exists and others may read it, literal secrets cause a
// warning. Variables come from `environment`, including the usual key variables of presets. Files of secrets and
// certificates are checked. A file without providers gives a Config without any: see discover.h. What depends on the
// whole configuration is checked by validate.h.
tl::expected<Config, std::vector<Problem>> parse(std::string_view text, std::string_view file_name,
                                                 const Environment& environment, Origins* origins = nullptr);

}  // namespace sluice::config
