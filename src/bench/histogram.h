// Counts values in buckets that widen with the values, so that quantiles of any number of values cost 16 KB, like the
// HDR histogram (hdrhistogram.org). A returned value exceeds the recorded one by at most 1/64.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

namespace sluice::bench {

class LatencyHistogram {
 public:
  static constexpr uint64_t most = (uint64_t{1} << 36) - 1;  // larger values count as this; 19 hours in microseconds
  static constexpr uint64_t exact_below = 128;               // smaller values have a bucket each

  void record(uint64_t value) {
    value = std::min(value, most);
    ++counts_[bucket_of(value)];
    ++count_;
    max_ = std::max(max_, value);
  }
  uint64_t count() const { return count_; }
  uint64_t max() const { return max_; }
  // The value that `per_mille` of the values do not exceed (nearest rank): 500 is the median. 0 if there are no values.
  uint64_t quantile(unsigned per_mille) const;

 private:
  // Powers of two from exact_below on have 64 buckets each.
  static constexpr size_t steps = exact_below / 2;
  static constexpr size_t buckets = exact_below + (36 - 7) * steps;
  static constexpr size_t shift_of(uint64_t value) {
    return value < exact_below ? 0 : static_cast<size_t>(std::bit_width(value)) - 7;
  }
  static constexpr size_t bucket_of(uint64_t value) {
    const size_t shift = shift_of(value);
    return shift * steps + static_cast<size_t>(value >> shift);
  }
  static constexpr uint64_t largest_in(size_t bucket) {
    if (bucket < exact_below) return bucket;
    const size_t shift = bucket / steps - 1;
    return ((uint64_t{bucket} - shift * steps + 1) << shift) - 1;
  }

  std::array<uint64_t, buckets> counts_{};
  uint64_t count_ = 0;
  uint64_t max_ = 0;
};

}  // namespace sluice::bench
