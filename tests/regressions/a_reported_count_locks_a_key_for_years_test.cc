// A target that reported 100,000,000,000 tokens took a key's budget three years below zero.
#include <catch2/catch.hpp>

#include "policy/gcra.h"
#include "policy/limit.h"

namespace sluice::policy {
namespace {

constexpr uint64_t second_ns = 1'000'000'000, minute_ns = 60 * second_ns;
constexpr uint64_t start_ns = 1'000 * second_ns;

TEST_CASE("a debt is one minute's worth at most, whatever a target reports") {
  config::RateLimits limits;
  limits.tokens_per_minute = 6'000;
  for (const uint64_t used : {uint64_t{12'000}, uint64_t{12'001}, uint64_t{100'000'000'000}, UINT64_MAX}) {
    CAPTURE(used);
    Limit limit(limits);
    for (int times = 0; times < 3; ++times) {  // repeated charges go no deeper
      Bucket* bucket = nullptr;
      if (limit.take(0, start_ns, bucket)) break;
      limit.give_back(*bucket, 0, used, start_ns);
    }
    CHECK(limit.state(start_ns).tokens.remaining == 0);
    CHECK(limit.state(start_ns).tokens.full_in_ns == 2 * minute_ns);  // a minute's debt, then a minute to fill
    Bucket* bucket = nullptr;
    CHECK(limit.take(1, start_ns + minute_ns, bucket));
    CHECK_FALSE(limit.take(1, start_ns + minute_ns + second_ns, bucket));
  }
}

TEST_CASE("at the edge of the bound, and with nothing used") {
  const Gcra::Rate rate{6'000, 6'000};
  Gcra below;
  below.charge(rate, 11'999, start_ns);
  CHECK(below.full_in_ns(rate, start_ns) == 2 * minute_ns - 10'000'000);
  Gcra none;
  none.charge(rate, 0, start_ns);
  CHECK(none.full_in_ns(rate, start_ns) == 0);
  CHECK(none.remaining(rate, start_ns) == 6'000);
  // A high rate with a small burst still owes a minute, and no charge forgives earlier debt.
  const Gcra::Rate quick{60'000, 1};
  Gcra deep;
  deep.charge(quick, UINT64_MAX, start_ns);
  const uint64_t full_in_ns = deep.full_in_ns(quick, start_ns);
  CHECK(full_in_ns / second_ns == 60);
  deep.charge(quick, 1, start_ns);
  CHECK(deep.full_in_ns(quick, start_ns) == full_in_ns);
}

}  // namespace
}  // namespace sluice::policy
