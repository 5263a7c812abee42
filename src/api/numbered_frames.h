// Events of a stream that say which of its events they are (`sequence_number`).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice::api {

// What an event says; nullopt: none is in it. The key cannot stand within a string, where its quotes would be escaped.
std::optional<uint64_t> sequence_in(std::string_view frame);

// How many bytes of `frames`, which are whole, stand before the event `number`: those that are numbered lower, and
// those without a number. npos: an event with a larger number comes first.
size_t bytes_before(std::string_view frames, uint64_t number);

}  // namespace sluice::api
