#include "gateway/request_id.h"

#include <algorithm>

namespace sluice::gateway {

namespace {

// SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014): every state occurs once.
uint64_t next_bits(uint64_t& state) {
  uint64_t bits = state += 0x9e3779b97f4a7c15;
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111eb;
  return bits ^ (bits >> 31);
}

// The eight hexadecimal digits of `bits`, the lowest first, as bytes of a word.
uint64_t hex_digits(uint32_t bits) {
  constexpr uint64_t ones = 0x0101010101010101;
  uint64_t nibbles = bits;
  nibbles = (nibbles | nibbles << 16) & 0x0000ffff0000ffff;
  nibbles = (nibbles | nibbles << 8) & 0x00ff00ff00ff00ff;
  nibbles = (nibbles | nibbles << 4) & 0x0f0f0f0f0f0f0f0f;
  const uint64_t letters = ((nibbles + ones * 6) >> 4) & ones;  // 1 for each nibble of 10 or more
  return nibbles + ones * '0' + letters * ('a' - '0' - 10);
}

}  // namespace

RequestIds::RequestIds(const std::array<uint64_t, 2>& seed) : state_(seed) {}

std::string RequestIds::next() {
  std::array<uint64_t, 4> digits;
  for (size_t half = 0; half < state_.size(); ++half) {
    const uint64_t bits = next_bits(state_[half]);
    digits[2 * half] = hex_digits(static_cast<uint32_t>(bits));
    digits[2 * half + 1] = hex_digits(static_cast<uint32_t>(bits >> 32));
  }
  return {reinterpret_cast<const char*>(digits.data()), sizeof digits};
}

bool RequestIds::usable(std::string_view id) {
  constexpr std::string_view marks = "-_.:/+=";
  return !id.empty() && id.size() <= 128 && std::all_of(id.begin(), id.end(), [marks](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || marks.find(c) != marks.npos;
  });
}

}  // namespace sluice::gateway
