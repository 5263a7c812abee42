// Values of a request that ask for what every target does anyway: a target that has no place for them loses nothing.
#pragma once

#include <span>
#include <string_view>

#include "api/request.h"

namespace sluice::api {

// `path` is that of a setting that is mapped, by its neutral name ("presence_penalty").
bool is_usual(const Request& request, std::string_view path);
// Also for any member that is null, an empty string or an empty list: some SDKs write what they were not given.
bool is_usual(const CarriedMember& member, std::span<const UsualValue> usual);

}  // namespace sluice::api
