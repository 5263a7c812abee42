// How long a target asks to be left alone, as the head of its answer tells it.
#pragma once

#include <cstdint>
#include <optional>

#include "http/message.h"

namespace sluice::gateway {

// Milliseconds, by `retry-after-ms` (OpenAI), else `retry-after` in seconds or as a date (RFC 9110 10.2.3); at most an
// hour. nullopt: it does not say, or not so that it can be read.
std::optional<uint32_t> retry_after_ms(const http::ResponseHead& head, int64_t now_unix_s);

}  // namespace sluice::gateway
