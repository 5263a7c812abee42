// Result<T>: a T, or the Error that prevented it.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

#include "base/error.h"

namespace sluice {

template <typename T>
using Result = tl::expected<T, Error>;

// Cold, so that code leading here (such as building messages) stays off the hot path.
[[gnu::cold, gnu::noinline]] inline tl::unexpected<Error> fail(ErrorCode code, std::string message) {
  return tl::unexpected<Error>(Error{code, std::move(message)});
}

}  // namespace sluice
