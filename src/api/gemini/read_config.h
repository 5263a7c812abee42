// Reads `generationConfig`.
#pragma once

#include "api/json_value.h"
#include "api/request.h"
#include "base/result.h"

namespace sluice::api::gemini {

Result<void> read_config(JsonValue config, Request& request);

}  // namespace sluice::api::gemini
