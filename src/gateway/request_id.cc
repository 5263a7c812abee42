#include "gateway/request_id.h"

#include <algorithm>

namespace sluice::gateway {

namespace {

// SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014): every state comes once.
uint64_t next_bits(uint64_t& state) {
  uint64_t bits = state += 0x9e3779b97f4a7c15;
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111eb;
  return bits ^ (bits >> 31);
}

}  // namespace

RequestIds::RequestIds(const std::array<uint64_t, 2>& seed) : state_(seed) {}

std::string RequestIds::next() {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string id(32, '0');
  char* at = id.data();
  for (uint64_t& half : state_) {
    for (uint64_t bits = next_bits(half), i = 0; i < 16; ++i, bits >>= 4) *at++ = digits[bits & 15];
  }
  return id;
}

bool RequestIds::usable(std::string_view id) {
  constexpr std::string_view marks = "-_.:/+=";
  return !id.empty() && id.size() <= 128 && std::all_of(id.begin(), id.end(), [marks](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || marks.find(c) != marks.npos;
  });
}

}  // namespace sluice::gateway
