#include "daemon/watchdog.h"

#include <catch2/catch.hpp>

namespace sluice::daemon {
namespace {

TEST_CASE("the interval is taken from the environment, if it is for this process") {
  struct Row {
    std::string_view usec, pid;
    uint64_t expected;
  };
  const Row rows[] = {{"30000000", "", 30'000'000},
                      {"30000000", "77", 30'000'000},
                      {"30000000", "78", 0},
                      {"", "", 0},
                      {"-5", "", 0},
                      {"30s", "77", 0},
                      {"30000000", "x", 0}};
  for (const Row& row : rows) {
    INFO(row.usec << " " << row.pid);
    CHECK(watchdog_interval_us(row.usec, row.pid, 77) == row.expected);
  }
}

TEST_CASE("fed at half the interval, once for each answer") {
  Watchdog watchdog(2'000'000);
  CHECK(watchdog.wait_ms(5'000) == 0);
  CHECK(watchdog.asks(5'000));
  CHECK_FALSE(watchdog.feeds());
  CHECK(watchdog.wait_ms(5'000) == Watchdog::never);
  watchdog.answered();
  CHECK(watchdog.feeds());
  CHECK_FALSE(watchdog.feeds());
  CHECK(watchdog.wait_ms(5'001) == 999);
  CHECK_FALSE(watchdog.asks(5'999));
  CHECK(watchdog.asks(6'000));
}

TEST_CASE("nothing is asked and nothing fed while a worker hangs") {
  Watchdog watchdog(2'000'000);
  REQUIRE(watchdog.asks(0));
  for (uint64_t now_ms = 0; now_ms < 60'000; now_ms += 500) {
    CHECK_FALSE(watchdog.asks(now_ms));
    CHECK_FALSE(watchdog.feeds());
  }
  watchdog.answered();  // the worker answers again
  CHECK(watchdog.feeds());
  CHECK(watchdog.asks(60'000));
}

TEST_CASE("no watchdog, nothing to do; a tiny interval does not spin") {
  Watchdog off(0);
  CHECK(off.wait_ms(1) == Watchdog::never);
  CHECK_FALSE(off.asks(1));
  Watchdog tiny(1);
  REQUIRE(tiny.asks(10));
  tiny.answered();
  REQUIRE(tiny.feeds());
  CHECK(tiny.wait_ms(10) == 1);
}

}  // namespace
}  // namespace sluice::daemon
