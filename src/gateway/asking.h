// What a request's body asks of whoever answers it, for `sluice explain`: how much there is to read, and of what kind.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "routing/plan.h"

namespace sluice::gateway {

struct AskedBody {
  std::string model;       // "": it names none
  routing::Asking asking;  // tokens, images, tools and sound
};

// `body`: of a request in any dialect. bad_request: it is no JSON object.
[[gnu::cold]] Result<AskedBody> read_asked(std::string_view body);

}  // namespace sluice::gateway
