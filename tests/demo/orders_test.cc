// What a model's name tells the demo to do.
#include "demo/orders.h"

#include <catch2/catch.hpp>

using sluice::demo::Orders;
using sluice::demo::orders_in;
using Break = Orders::Break;

TEST_CASE("names that end an answer before its time") {
  struct Row {
    const char* model;
    Break how;
    uint32_t words;
  };
  const Row row = GENERATE(values<Row>({
      {"cut-after-5", Break::cut, 5},
      {"demo/cut-after-0", Break::cut, 0},
      {"cut-after-5:latest", Break::cut, 5},
      {"cut-after-1000000", Break::cut, Orders::max_words},
      {"cut-after-1000001", Break::cut, Orders::max_words},
      {"cut-after-99999999999999999999", Break::cut, Orders::max_words},
      {"end-after-2", Break::end, 2},
      {"stall-after-7", Break::stall, 7},
      {"stall", Break::stall, 3},
      {"error-after-3", Break::error, 3},
      {"error-in-200", Break::error, 0},
      {"cut-json", Break::half, 3},
      {"short-json", Break::half_end, 3},
      {"hold-open", Break::hold, 0},
      {"silent-after-head", Break::never, 0},
      {"cut-in-tool", Break::in_call, 0},
      {"cut-in-thinking", Break::in_thinking, 0},
      {"two-faced+cut-after-4", Break::cut, 4},
      {"cut-after-4+two-faced", Break::cut, 4},
  }));
  INFO(row.model);
  const Orders orders = orders_in(row.model);
  CHECK(orders.how == row.how);
  CHECK(orders.after_words == row.words);
  CHECK_FALSE(orders.none());
}

TEST_CASE("names that say nothing") {
  const char* model =
      GENERATE("", "demo", "gpt-4o", "cut-after-", "cut-after-x", "cut-after--1", "cut-after-5x", "stalling",
               "slow-first-byte-30", "slow-first-byte-s", "42", "4299", "399", "600", "429-", "429-later",
               "429-retry-after-0s", "429-retry-after-xs", "+", "++", "/", "a+b", "claude-opus-4-5", "reset/x");
  INFO(model);
  CHECK(orders_in(model).none());
}

TEST_CASE("names of statuses and of times") {
  const Orders then_ok = orders_in("503-then-ok");
  CHECK(then_ok.status == 503);
  CHECK(then_ok.then_ok);
  CHECK(then_ok.retry_after_s == 0);
  const Orders always = orders_in("529");
  CHECK(always.status == 529);
  CHECK_FALSE(always.then_ok);
  CHECK(orders_in("429-retry-after").retry_after_s == 1);
  CHECK(orders_in("429-retry-after").then_ok);
  CHECK(orders_in("429-retry-after-20s").retry_after_s == 20);
  CHECK(orders_in("429-retry-after-3600s").retry_after_s == Orders::max_seconds);
  CHECK(orders_in("429-retry-after-3601s").retry_after_s == Orders::max_seconds);
  CHECK(orders_in("400").status == 400);
  CHECK(orders_in("599").status == 599);
  CHECK(orders_in("slow-first-byte-30s").delay_s == 30);
  CHECK(orders_in("slow-first-byte-999999s").delay_s == Orders::max_seconds);
  CHECK(orders_in("spend-limit").status == 429);
  CHECK(orders_in("spend-limit").spend_limit);
}
