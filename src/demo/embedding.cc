#include "demo/embedding.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/base64.h"

namespace sluice::demo {

std::vector<float> embedding_of(std::string_view text, uint64_t dimensions) {
  uint64_t state = 0xCBF29CE484222325;  // FNV-1a
  for (const char c : text) state = (state ^ static_cast<unsigned char>(c)) * 0x100000001B3;
  std::vector<float> values(std::clamp<uint64_t>(dimensions, 1, max_dimensions));
  double square = 0;
  for (float& value : values) {
    state = state * 6364136223846793005 + 1442695040888963407;
    value = static_cast<float>(static_cast<double>(state >> 40) / double{1 << 23} - 1);
    square += double{value} * double{value};
  }
  const double length = square > 0 ? std::sqrt(square) : 1;
  for (float& value : values) value = static_cast<float>(value / length);
  return values;
}

std::string base64_of(const std::vector<float>& values) {
  std::string bytes;
  bytes.reserve(values.size() * 4);
  for (const float value : values) {
    const auto bits = std::bit_cast<uint32_t>(value);
    for (unsigned shift = 0; shift < 32; shift += 8) bytes += static_cast<char>((bits >> shift) & 0xFF);
  }
  return sluice::base64_of(bytes);
}

}  // namespace sluice::demo
