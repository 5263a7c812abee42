// How many seeds a test of schedules runs, and which ones.
#pragma once

#include <cstdint>
#include <cstdlib>

namespace sluice::test {

/** The number in an environment variable; without it, `otherwise`. */
inline uint64_t number_of(const char* variable, uint64_t otherwise) {
  const char* const text = std::getenv(variable);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

/** `usual`, but `sanitized` where addresses are looked after, which takes several times as long, and 500 for the thread
   sanitizer: a schedule is run by one thread, so there is no race to be found. */
constexpr uint64_t schedules(uint64_t usual, [[maybe_unused]] uint64_t sanitized) {
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
  return usual < 500 ? usual : 500;
#elif __has_feature(address_sanitizer)
  return sanitized;
#endif
#endif
  return usual;
}
constexpr uint64_t schedules(uint64_t usual) { return schedules(usual, usual); }

/** From `first` up to, and without, `last`. */
struct Seeds {
  uint64_t first = 0, last = 0;
  uint64_t count() const { return last - first; }
};

/** That of the variable `one`, alone, where it is set; else as many as the variable `count` says, or `usual`, from
   SLUICE_FIRST_SEED on (scripts/nightly.sh has new ones each night), or `from`. */
inline Seeds seeds(const char* one, const char* count, uint64_t usual, uint64_t from = 0) {
  if (std::getenv(one) != nullptr) return {number_of(one, 0), number_of(one, 0) + 1};
  const uint64_t first = number_of("SLUICE_FIRST_SEED", from);
  return {first, first + number_of(count, usual)};
}

}  // namespace sluice::test
