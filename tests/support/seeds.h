// How many seeds a test of schedules runs through, and which.
#pragma once

#include <cstdint>
#include <cstdlib>

namespace sluice::test {

/** The number in an environment variable; without it, `otherwise`. */
inline uint64_t number_of(const char* variable, uint64_t otherwise) {
  const char* const text = std::getenv(variable);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

/** `usual`, but 500 for the thread sanitizer: a schedule is run by one thread, so there is no race to be found. */
constexpr uint64_t schedules(uint64_t usual) {
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
  return usual < 500 ? usual : 500;
#endif
#endif
  return usual;
}

}  // namespace sluice::test
