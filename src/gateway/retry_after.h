// How long a target asks us to wait, according to its answer's head.
#pragma once

#include <cstdint>
#include <optional>

#include "http/message.h"

namespace sluice::gateway {

// Milliseconds, from `retry-after-ms` (OpenAI), otherwise from `retry-after` in seconds or as a date (RFC 9110 section
// 10.2.3); at most an hour. nullopt: missing or unreadable.
std::optional<uint32_t> retry_after_ms(const http::ResponseHead& head, int64_t now_unix_s);

}  // namespace sluice::gateway
