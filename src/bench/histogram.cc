#include "bench/histogram.h"

namespace sluice::bench {

uint64_t LatencyHistogram::quantile(unsigned per_mille) const {
  static_assert(bucket_of(most) + 1 == buckets && largest_in(buckets - 1) == most);
  const uint64_t rank = std::max<uint64_t>(1, count_ / 1000 * per_mille + (count_ % 1000 * per_mille + 999) / 1000);
  uint64_t seen = 0;
  for (size_t bucket = 0; bucket < counts_.size(); ++bucket) {
    seen += counts_[bucket];
    if (seen >= rank) return std::min(largest_in(bucket), max_);
  }
  return max_;
}

}  // namespace sluice::bench
