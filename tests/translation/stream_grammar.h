// Whether a caller's stream is one complete answer by the rules of its dialect: ids stay the same, numbers count up,
// everything opened is closed, there is one end.
#pragma once

#include <string>

#include "api/error_body.h"
#include "base/dialect.h"

namespace sluice::test {

// Returns "", or the fault and its frame.
std::string grammar_fault(Dialect dialect, api::StreamFormat format, const std::string& stream);

// The framing of that dialect's streams.
api::StreamFormat stream_format(Dialect dialect, bool json_array = false);

}  // namespace sluice::test
