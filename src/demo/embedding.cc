#include "demo/embedding.h"

#include <algorithm>
#include <bit>
#include <cmath>

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
  return base64_of(std::string_view(bytes));
}

std::string base64_of(std::string_view bytes) {
  static constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    const size_t size = std::min<size_t>(3, bytes.size() - i);
    for (size_t k = 0; k < 3; ++k) group = group << 8 | (k < size ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    for (size_t k = 0; k < 4; ++k) out += k <= size ? digits[(group >> (18 - 6 * k)) & 63] : '=';
  }
  return out;
}

}  // namespace sluice::demo
