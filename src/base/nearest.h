// "Did you mean": the known names that are most like one that is not known.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace sluice {

// How many letters have to be added, removed, replaced or swapped with their neighbour to make `a` into `b`, upper and
// lower case being the same.
size_t edit_distance(std::string_view a, std::string_view b);

// At most `most` of `known`, the nearest first, those as near in their given order. Names that have little in common
// with `wanted` are left out, so the result may be empty. The views are those of `known`. Names over 128 bytes are not
// compared, nor any beyond the first max_nearest_looks, so the cost is bounded whoever asks.
inline constexpr size_t max_nearest_looks = 2'000;
std::vector<std::string_view> nearest(std::string_view wanted, std::span<const std::string_view> known, size_t most);

}  // namespace sluice
