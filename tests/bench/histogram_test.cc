#include "bench/histogram.h"

#include <catch2/catch.hpp>
#include <random>
#include <vector>

namespace sluice::bench {
namespace {

TEST_CASE("an empty histogram says nothing") {
  const LatencyHistogram histogram;
  REQUIRE(histogram.count() == 0);
  REQUIRE(histogram.max() == 0);
  REQUIRE(histogram.quantile(500) == 0);
}

TEST_CASE("one value is every quantile of itself, exactly at the edges and within 1/64 elsewhere") {
  std::vector<uint64_t> values = {
      0, 1, 126, LatencyHistogram::exact_below - 1, LatencyHistogram::exact_below, 129, 130, 255, 256, 257};
  for (unsigned bit = 9; bit < 36; ++bit) {
    const uint64_t power = uint64_t{1} << bit;
    values.insert(values.end(), {power - 1, power, power + 1, power + power / 2});
  }
  values.push_back(LatencyHistogram::most);
  for (const uint64_t value : values) {
    // A larger value too: otherwise the exact maximum could make the quantile exact.
    LatencyHistogram histogram;
    histogram.record(value);
    histogram.record(LatencyHistogram::most);
    CAPTURE(value, histogram.quantile(500));
    REQUIRE(histogram.quantile(500) >= value);
    REQUIRE(histogram.quantile(500) - value <= value / 64);
    if (value < LatencyHistogram::exact_below) REQUIRE(histogram.quantile(500) == value);
    REQUIRE(histogram.quantile(1000) == LatencyHistogram::most);
  }
}

TEST_CASE("no quantile is above the largest value") {
  LatencyHistogram histogram;
  histogram.record(1'000'001);
  for (const unsigned per_mille : {1u, 500u, 999u, 1000u}) REQUIRE(histogram.quantile(per_mille) == 1'000'001);
}

TEST_CASE("values beyond the range count as the largest in it") {
  LatencyHistogram histogram;
  histogram.record(LatencyHistogram::most + 1);
  histogram.record(UINT64_MAX);
  REQUIRE(histogram.count() == 2);
  REQUIRE(histogram.max() == LatencyHistogram::most);
  REQUIRE(histogram.quantile(500) == LatencyHistogram::most);
}

TEST_CASE("quantiles are nearest ranks") {
  LatencyHistogram histogram;
  for (uint64_t value = 1; value <= 100; ++value) histogram.record(value);
  REQUIRE(histogram.quantile(0) == 1);
  REQUIRE(histogram.quantile(10) == 1);
  REQUIRE(histogram.quantile(11) == 2);
  REQUIRE(histogram.quantile(500) == 50);
  REQUIRE(histogram.quantile(990) == 99);
  REQUIRE(histogram.quantile(991) == 100);
  REQUIRE(histogram.quantile(1000) == 100);
}

TEST_CASE("quantiles of many values are near those of the sorted list") {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> times(8, 2);
  LatencyHistogram histogram;
  std::vector<uint64_t> all;
  for (int i = 0; i < 20'000; ++i) {
    all.push_back(static_cast<uint64_t>(times(random)));
    histogram.record(all.back());
  }
  std::sort(all.begin(), all.end());
  for (const unsigned per_mille : {1u, 100u, 500u, 900u, 990u, 999u}) {
    const uint64_t exact = all[20 * per_mille - 1];
    CAPTURE(per_mille, exact);
    REQUIRE(histogram.quantile(per_mille) >= exact);
    REQUIRE(histogram.quantile(per_mille) - exact <= exact / 64);
  }
}

}  // namespace
}  // namespace sluice::bench
