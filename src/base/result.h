// Result<T>: a T or the Error that kept it from being made.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

#include "base/error.h"

namespace sluice {

template <typename T>
using Result = tl::expected<T, Error>;

// Cold, so that whatever leads here (texts being put together) is kept out of the way of what usually runs.
[[gnu::cold, gnu::noinline]] inline tl::unexpected<Error> fail(ErrorCode code, std::string message) {
  return tl::unexpected<Error>(Error{code, std::move(message)});
}

}  // namespace sluice
