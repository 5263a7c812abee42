// Shared by the fuzz targets: a check that also holds in release builds, and an input cut into pieces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace sluice::fuzz {

inline void check(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

// The input's first byte chooses the variant, the second how the rest is cut.
struct Input {
  uint8_t choice = 0;
  uint8_t seed = 0;
  std::string_view bytes;
};

inline Input input_of(const uint8_t* data, size_t size) {
  if (size < 2) return {};
  return {data[0], data[1], {reinterpret_cast<const char*>(data) + 2, size - 2}};
}

// Pieces of 1 to 32 bytes, mostly small.
inline std::vector<std::string_view> cut(std::string_view bytes, uint8_t seed) {
  std::vector<std::string_view> pieces;
  uint32_t state = seed;
  while (!bytes.empty()) {
    state = state * 1664525 + 1013904223;
    const size_t most = (state >> 20 & 7) == 0 ? 32 : 6;
    const size_t size = 1 + (state >> 24) % most;
    pieces.push_back(bytes.substr(0, size));
    bytes.remove_prefix(pieces.back().size());
  }
  return pieces;
}

}  // namespace sluice::fuzz
