// Whether what a caller got as a stream is one whole answer by the rules of its dialect: ids that stay the same,
// numbers that count, what opens closes, one end.
#pragma once

#include <string>

#include "api/error_body.h"
#include "base/dialect.h"

namespace sluice::test {

// "" for nothing; else what is wrong, with the frame.
std::string grammar_fault(Dialect dialect, api::StreamFormat format, const std::string& stream);

// The form of a stream's frames in that dialect.
api::StreamFormat stream_format(Dialect dialect, bool json_array = false);

}  // namespace sluice::test
