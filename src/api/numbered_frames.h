// Events of a stream that carry their number in it (`sequence_number`).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice::api {

// An event's number; nullopt: it has none. The key cannot match within a string, where its quotes would be escaped.
std::optional<uint64_t> sequence_in(std::string_view frame);

// How many bytes of `frames`, which are whole, precede the event `number`: events with lower numbers, and those without
// a number. npos: an event with a larger number comes first.
size_t bytes_before(std::string_view frames, uint64_t number);

}  // namespace sluice::api
