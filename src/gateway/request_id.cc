#include "gateway/request_id.h"

#include <algorithm>

namespace sluice::gateway {

RequestIds::RequestIds(const std::array<uint64_t, 2>& seed) : high_(seed[0]), low_(seed[1]) {}

std::string RequestIds::next() {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string id(32, '0');
  for (size_t half = 0; half < 2; ++half) {
    uint64_t bits = half == 0 ? high_() : low_();
    for (size_t i = 0; i < 16; ++i, bits >>= 4) id[half * 16 + i] = digits[bits & 15];
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
