// "Did you mean": the known names most similar to an unknown one.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace sluice {

// How many letters must be added, removed, replaced or swapped with their neighbour to turn `a` into `b`, ignoring
// case.
size_t edit_distance(std::string_view a, std::string_view b);

// At most `most` of `known`, the nearest first, ties in the given order. Names that have little in common with `wanted`
// are left out, so the result may be empty. The views are those of `known`. Names over 128 bytes are not compared, nor
// any after the first max_nearest_looks, so the cost is bounded for any input.
inline constexpr size_t max_nearest_looks = 2'000;
std::vector<std::string_view> nearest(std::string_view wanted, std::span<const std::string_view> known, size_t most);

}  // namespace sluice
