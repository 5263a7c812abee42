// Responses that are kept here: see api/keeping.h.
#pragma once

#include "api/keeping.h"

namespace sluice::api::responses {

extern const KeepingRoom keeping;

}  // namespace sluice::api::responses
