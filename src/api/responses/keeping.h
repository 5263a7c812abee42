// Responses that sluice stores: see api/keeping.h.
#pragma once

#include "api/keeping.h"

namespace sluice::api::responses {

extern const KeepingRoom keeping;

}  // namespace sluice::api::responses
