#include "policy/gcra.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

namespace sluice::policy {
namespace {

constexpr uint64_t second_ns = 1'000'000'000, minute_ns = 60 * second_ns;
constexpr uint64_t start_ns = 100 * minute_ns;

uint32_t take_all(Gcra& gcra, Gcra::Rate rate, uint64_t now_ns) {
  uint32_t count = 0;
  while (gcra.take(rate, 1, now_ns)) ++count;
  return count;
}

TEST_CASE("a budget gives its capacity at once and then what flows in") {
  struct Row {
    Gcra::Rate rate;
    uint64_t after_ns;
    uint32_t then;
  };
  for (const Row& row : std::vector<Row>{{{600, 600}, 0, 0},
                                         {{600, 600}, 99'000'000, 0},
                                         {{600, 600}, 100'000'000, 1},
                                         {{600, 600}, second_ns, 10},
                                         {{600, 600}, minute_ns, 600},
                                         {{600, 600}, 100 * minute_ns, 600},
                                         {{600, 1}, second_ns, 1},
                                         {{600, 60}, 5 * second_ns, 50},
                                         {{600, 60}, 7 * second_ns, 60},
                                         {{1, 1}, 59 * second_ns, 0},
                                         {{1, 1}, minute_ns, 1},
                                         {{1, 5}, 3 * minute_ns, 3},
                                         {{7, 7}, minute_ns, 7},
                                         {{100'000'000, 1000}, 600'000, 1000}}) {
    CAPTURE(row.rate.per_minute, row.rate.capacity, row.after_ns);
    Gcra gcra;
    CHECK(gcra.remaining(row.rate, start_ns) == row.rate.capacity);
    CHECK(take_all(gcra, row.rate, start_ns) == row.rate.capacity);
    CHECK(gcra.remaining(row.rate, start_ns) == 0);
    CHECK(gcra.remaining(row.rate, start_ns + row.after_ns) == row.then);
    CHECK(take_all(gcra, row.rate, start_ns + row.after_ns) == row.then);
  }
}

TEST_CASE("it says when there will be enough, and when it is full") {
  const Gcra::Rate rate{6000, 6000};  // 100 a second
  Gcra gcra;
  CHECK(gcra.full_in_ns(rate, start_ns) == 0);
  CHECK(gcra.there_in_ns(rate, 6000, start_ns) == 0);
  REQUIRE(gcra.take(rate, 6000, start_ns));
  CHECK(gcra.full_in_ns(rate, start_ns) == minute_ns);
  CHECK(gcra.full_in_ns(rate, start_ns + 2 * minute_ns) == 0);
  CHECK(gcra.there_in_ns(rate, 100, start_ns) == second_ns);
  CHECK_FALSE(gcra.take(rate, 100, start_ns + second_ns - 1));
  CHECK(gcra.take(rate, 100, start_ns + second_ns));
}

TEST_CASE("what was used beyond is a debt that has to flow in first") {
  const Gcra::Rate rate{6000, 6000};
  Gcra gcra;
  REQUIRE(gcra.take(rate, 1000, start_ns));
  gcra.charge(rate, 8000, start_ns);
  CHECK(gcra.remaining(rate, start_ns) == 0);
  CHECK(gcra.there_in_ns(rate, 1, start_ns) == 30 * second_ns + 10'000'000);
  CHECK(gcra.remaining(rate, start_ns + 40 * second_ns) == 1000);
  CHECK(gcra.full_in_ns(rate, start_ns) == 90 * second_ns);
  // A target may report any number.
  gcra.charge(rate, UINT64_MAX, start_ns);
  gcra.charge(rate, UINT64_MAX, start_ns);
  CHECK(gcra.remaining(rate, start_ns) == 0);
}

TEST_CASE("what is given back is there again, and never more than the capacity") {
  const Gcra::Rate rate{6000, 500};
  Gcra gcra;
  REQUIRE(gcra.take(rate, 500, start_ns));
  gcra.give_back(200);
  CHECK(gcra.remaining(rate, start_ns) == 200);
  gcra.give_back(10'000);
  CHECK(gcra.remaining(rate, start_ns) == 500);
  gcra.give_back(UINT32_MAX);
  CHECK(take_all(gcra, rate, start_ns) == 500);
  // Given back when it would be full anyway.
  CHECK(gcra.remaining(rate, start_ns + minute_ns) == 500);
  gcra.give_back(100);
  CHECK(gcra.remaining(rate, start_ns + minute_ns) == 500);
}

TEST_CASE("threads that take at once share one budget") {
  const Gcra::Rate rate{60'000, 5000};
  Gcra gcra;
  std::atomic<uint64_t> taken{0};
  std::vector<std::thread> threads;
  for (uint32_t t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (uint32_t i = 0; i < 2000; ++i) {
        if (gcra.take(rate, 1 + t % 3, start_ns)) taken += 1 + t % 3;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(taken == 5000);
}

}  // namespace
}  // namespace sluice::policy
