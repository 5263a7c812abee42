// Makes a number from another that reveals nothing of it: SplitMix64 (Steele, Lea and Flood, 2014). For order and
// jitter, not for secrets.
#pragma once

#include <cstdint>

namespace sluice {

constexpr uint64_t mixed(uint64_t number) {
  number += 0x9e3779b97f4a7c15;
  number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9;
  number = (number ^ (number >> 27)) * 0x94d049bb133111eb;
  return number ^ (number >> 31);
}

}  // namespace sluice
