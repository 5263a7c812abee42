#include "routing/target_health.h"

#include <catch2/catch.hpp>
#include <random>
#include <thread>
#include <vector>

#include "base/mix.h"
#include "routing/retry_budget.h"

namespace sluice::routing {
namespace {

constexpr config::Breaker usual;  // 5 within 30 s; 5 s, doubling to 30 s

struct World {
  std::shared_ptr<Credentials> credential = std::make_shared<Credentials>();
  TargetHealth health{"lab/x", credential};
  uint64_t now_ms = 1'000'000;
  void fail(int times) {
    for (int i = 0; i < times; ++i) health.failed(now_ms, usual);
  }
  void succeed(int times) {
    for (int i = 0; i < times; ++i) health.succeeded(now_ms, 1'000);
  }
  Standing standing(uint64_t after_ms = 0) const { return health.standing(now_ms + after_ms); }
};

TEST_CASE("so many failures in a row open the breaker, whatever time they take") {
  World world;
  world.fail(4);
  CHECK(world.standing() == Standing::closed);
  world.succeed(1);
  world.now_ms += 60'000;
  for (int i = 0; i < 4; ++i) world.fail(1), world.now_ms += 3'600'000;
  CHECK(world.standing() == Standing::closed);
  world.fail(1);
  CHECK(world.standing() == Standing::open);
  CHECK(world.health.state(world.now_ms).failures_in_a_row == 5);
}

TEST_CASE("failures among successes open it where they are half of what was asked within the window") {
  World world;
  for (int i = 0; i < 4; ++i) world.fail(1), world.succeed(1);
  CHECK(world.standing() == Standing::closed);
  world.fail(1);
  CHECK(world.standing() == Standing::open);

  World better;  // only a third fails
  for (int i = 0; i < 100; ++i) better.fail(1), better.succeed(2);
  CHECK(better.standing() == Standing::closed);

  World slow;  // too few within the window
  for (int i = 0; i < 100; ++i) slow.fail(1), slow.succeed(1), slow.now_ms += 10'000;
  CHECK(slow.standing() == Standing::closed);
}

TEST_CASE("an open breaker cools down, lets one probe through, and closes on success") {
  World world;
  world.fail(5);
  CHECK(world.standing(4'999) == Standing::open);
  CHECK_FALSE(world.health.take_probe(world.now_ms + 4'999));
  CHECK(world.standing(5'000) == Standing::half_open);
  world.now_ms += 5'000;
  CHECK(world.health.take_probe(world.now_ms));
  CHECK_FALSE(world.health.take_probe(world.now_ms));
  CHECK(world.standing() == Standing::open);
  world.succeed(1);
  CHECK(world.standing() == Standing::closed);
  CHECK(world.health.take_probe(world.now_ms));
  CHECK(world.health.take_probe(world.now_ms));
  world.fail(4);
  CHECK(world.standing() == Standing::closed);  // failures before it opened are forgotten
}

TEST_CASE("each failed probe doubles the cooldown, to its most; a success begins anew") {
  World world;
  world.fail(5);
  for (const uint64_t cooldown : {5'000, 10'000, 20'000, 30'000, 30'000}) {
    CHECK(world.standing(cooldown - 1) == Standing::open);
    CHECK(world.health.state(world.now_ms).free_in_ms == cooldown);
    world.now_ms += cooldown;
    CHECK(world.standing() == Standing::half_open);
    REQUIRE(world.health.take_probe(world.now_ms));
    world.fail(1);
  }
  world.now_ms += 30'000;
  REQUIRE(world.health.take_probe(world.now_ms));
  world.succeed(1);
  world.fail(5);
  CHECK(world.standing(4'999) == Standing::open);
  CHECK(world.standing(5'000) == Standing::half_open);
}

TEST_CASE("who is asked for want of another while it is open does not prolong it, and closes it by an answer") {
  World world;
  world.fail(5);
  world.now_ms += 1'000;
  world.fail(20);
  CHECK(world.standing(4'000) == Standing::half_open);
  world.succeed(1);
  CHECK(world.standing() == Standing::closed);
}

TEST_CASE("a probe that is given back, or whose end nobody tells, is there again") {
  World world;
  world.fail(5);
  world.now_ms += 5'000;
  REQUIRE(world.health.take_probe(world.now_ms));
  world.health.give_back_probe();
  CHECK(world.standing() == Standing::half_open);
  REQUIRE(world.health.take_probe(world.now_ms));
  CHECK(world.standing(59'999) == Standing::open);
  CHECK(world.standing(60'000) == Standing::half_open);
  CHECK(world.health.take_probe(world.now_ms + 60'000));
  CHECK_FALSE(world.health.take_probe(world.now_ms + 60'000));
}

TEST_CASE("an answer that says nothing of the target's health ends a probe, and failures in a row") {
  World world;
  world.fail(5);
  world.now_ms += 5'000;
  REQUIRE(world.health.take_probe(world.now_ms));
  world.health.answered(world.now_ms);
  CHECK(world.standing() == Standing::closed);
  CHECK(world.health.state(world.now_ms).succeeded == 0);
}

TEST_CASE("no failures open a breaker that is turned off") {
  World world;
  for (int i = 0; i < 1'000; ++i) world.health.failed(world.now_ms, {0, 30'000, 5'000, 30'000});
  CHECK(world.standing() == Standing::closed);
}

TEST_CASE("the most failures that may be configured are counted") {
  World world;
  const config::Breaker patient{100, 30'000, 5'000, 30'000};
  for (int i = 0; i < 99; ++i) world.health.failed(world.now_ms, patient), world.succeed(1);
  CHECK(world.standing() == Standing::closed);
  world.health.failed(world.now_ms, patient);
  CHECK(world.standing() == Standing::open);
}

TEST_CASE("left alone: for as long as the longest says") {
  World world;
  world.health.leave_alone(world.now_ms + 500);
  world.health.leave_alone(world.now_ms + 100);
  CHECK(world.standing(499) == Standing::backing_off);
  CHECK_FALSE(world.health.take_probe(world.now_ms + 499));
  CHECK(world.standing(500) == Standing::closed);
  world.succeed(1);
  CHECK(world.standing(499) ==
        Standing::backing_off);  // the answer of another attempt does not end the wait that the target asked for
}

TEST_CASE("of several credentials each is left alone for itself; where all are, so is the target") {
  config::Provider lab;
  lab.api_keys = {{"one", 1}, {"two", 2}, {"three", 0}};
  const auto credentials = std::make_shared<Credentials>(3);
  TargetHealth health("lab/x", credentials), sibling("lab/y", credentials);
  CHECK(health.free_credential(lab, 0, 0) == 0u);
  int counts[3] = {};
  for (uint64_t luck = 1; luck <= 3'000; ++luck) ++counts[*health.free_credential(lab, 0, luck)];
  CHECK(counts[0] > 900);
  CHECK(counts[0] < 1'100);
  CHECK(counts[2] == 0);
  CHECK(health.free_credential(lab, 0, 7) == health.free_credential(lab, 0, 7));
  health.bench_credential(60'000, 1);
  health.rest_credential(5'000, 0);
  CHECK(health.standing(0) == Standing::closed);
  CHECK(health.standing_of_credential(0, 0) == Standing::backing_off);
  CHECK(health.standing_of_credential(1, 0) == Standing::benched);
  CHECK(sibling.standing_of_credential(0, 0) == Standing::closed);  // the wait holds only for this target
  CHECK(sibling.standing_of_credential(1, 0) == Standing::benched);
  CHECK(health.free_credential(lab, 0, 7) == 2u);
  CHECK_FALSE(health.free_credential(lab, 0, 7, 0b100));
  health.rest_credential(9'000, 2);
  CHECK(health.standing(4'999) == Standing::backing_off);
  CHECK(health.standing(5'000) == Standing::closed);
  CHECK(health.soonest_credential() == 0);
  health.bench_credential(70'000, 0);
  health.bench_credential(80'000, 2);
  CHECK(sibling.standing(59'999) == Standing::benched);
  CHECK(sibling.standing(60'000) == Standing::closed);
  CHECK(sibling.soonest_credential() == 1);
  health.free();
  CHECK(sibling.free_credential(lab, 0, 0) == 0u);
}

TEST_CASE("a credential is benched for all that is asked with it, one of the caller's for nobody") {
  World world;
  TargetHealth sibling("lab/y", world.credential), of_callers("sub/x", nullptr);
  world.health.bench_credential(world.now_ms + 60'000);
  of_callers.bench_credential(world.now_ms + 60'000);
  CHECK(sibling.standing(world.now_ms + 59'999) == Standing::benched);
  CHECK(sibling.standing(world.now_ms + 60'000) == Standing::closed);
  CHECK(of_callers.standing(world.now_ms) == Standing::closed);
  CHECK(world.health.state(world.now_ms).free_in_ms == 60'000);
  sibling.free();
  CHECK(world.standing() == Standing::closed);
}

TEST_CASE("an operator drains, benches and frees") {
  World world;
  world.health.drain();
  CHECK(world.standing(1'000'000'000) == Standing::drained);
  CHECK(world.health.state(world.now_ms).free_in_ms == 0);
  world.health.bench(world.now_ms + 100);
  CHECK(world.standing(99) == Standing::benched);
  CHECK(world.standing(100) == Standing::closed);
  world.health.drain();
  world.fail(7);
  world.health.leave_alone(world.now_ms + 9'000);
  world.health.free();
  CHECK(world.standing() == Standing::closed);
  CHECK(world.health.state(world.now_ms).failures_in_a_row == 0);
}

TEST_CASE("no more are under way than may be, and each ends once") {
  TargetHealth health("lab/x", nullptr);
  CHECK(health.begin_below(2));
  CHECK(health.begin_below(2));
  CHECK(health.is_full(2));
  CHECK_FALSE(health.begin_below(2));
  CHECK(health.begin_below(0));
  CHECK(health.in_flight() == 3);
  CHECK_FALSE(health.is_full(0));
  for (int i = 0; i < 3; ++i) health.ended();
  CHECK(health.in_flight() == 0);
  CHECK(health.state(0).asked == 3);

  constexpr int threads = 4, rounds = 20'000;
  std::atomic<uint32_t> most{0}, now{0};
  std::vector<std::thread> workers;
  for (int t = 0; t < threads; ++t) {
    workers.emplace_back([&] {
      for (int i = 0; i < rounds; ++i) {
        if (!health.begin_below(2)) continue;
        const uint32_t under_way = now.fetch_add(1) + 1;
        uint32_t seen = most.load();
        while (seen < under_way && !most.compare_exchange_weak(seen, under_way)) {
        }
        now.fetch_sub(1);
        health.ended();
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  CHECK(most.load() <= 2);
  CHECK(health.in_flight() == 0);
}

TEST_CASE("one probe, though many threads want it") {
  for (int round = 0; round < 200; ++round) {
    World world;
    world.fail(5);
    world.now_ms += 5'000;
    std::atomic<int> got{0};
    std::vector<std::thread> workers;
    for (int t = 0; t < 3; ++t) workers.emplace_back([&] { got += world.health.take_probe(world.now_ms) ? 1 : 0; });
    for (std::thread& worker : workers) worker.join();
    REQUIRE(got == 1);
  }
}

TEST_CASE("what it said last is kept, up to a bound") {
  World world;
  CHECK(world.health.state(0).last_error.empty());
  world.health.note_error(5, "quota exceeded");
  world.health.note_error(7, std::string(10'000, 'e'));
  const HealthState state = world.health.state(9);
  CHECK(state.last_error == std::string(TargetHealth::max_error_bytes, 'e'));
  CHECK(state.last_error_ms == 7);
}

TEST_CASE("19 of 20 answers begin within the p95, about") {
  for (const double spread : {0.1, 0.5, 1.0}) {
    TargetHealth health("lab/x", nullptr);
    std::mt19937_64 random(7);
    std::lognormal_distribution<double> times(std::log(300'000.0), spread);
    for (int i = 0; i < 20'000; ++i) health.succeeded(1'000, static_cast<uint64_t>(times(random)));
    int below = 0;
    for (int i = 0; i < 10'000; ++i) below += times(random) <= static_cast<double>(health.p95_us()) ? 1 : 0;
    INFO(spread << ": " << health.p95_us());
    CHECK(below > 9'100);
    CHECK(below < 9'850);
  }
}

TEST_CASE("repeats are a fifth of what is asked, ten in ten seconds at least") {
  RetryBudget budget;
  uint64_t now_ms = 5'000'000;
  int taken = 0;
  for (int i = 0; i < 100; ++i) taken += budget.take(now_ms) ? 1 : 0;
  CHECK(taken == 10);
  for (int i = 0; i < 1'000; ++i) budget.asked(now_ms);
  for (int i = 0; i < 1'000; ++i) taken += budget.take(now_ms) ? 1 : 0;
  CHECK(taken == 200);
  now_ms += RetryBudget::window_ms;
  for (int i = 0; i < 1'000; ++i) taken += budget.take(now_ms) ? 1 : 0;
  CHECK(taken == 210);
}

TEST_CASE("whatever comes when, repeats stay within the budget") {
  std::mt19937_64 random(3);
  for (int round = 0; round < 200; ++round) {
    RetryBudget budget;
    uint64_t now_ms = random() % 100'000'000, asked = 0, taken = 0, windows = 1;
    uint64_t window = now_ms / RetryBudget::window_ms;
    for (int i = 0; i < 2'000; ++i) {
      now_ms += random() % 40;
      if (now_ms / RetryBudget::window_ms != window) window = now_ms / RetryBudget::window_ms, ++windows;
      if (random() % 2 == 0) budget.asked(now_ms), ++asked;
      taken += budget.take(now_ms) ? 1u : 0u;
    }
    REQUIRE(taken <= asked / 5 + 10 * windows);
  }
}

// The breaker's guarantees, over random histories.
TEST_CASE("a breaker never opens for fewer failures, never lets two probes through, and always comes back") {
  for (uint64_t seed = 1; seed <= 2'000; ++seed) {
    World world;
    std::mt19937_64 random(seed);
    uint32_t in_a_row = 0, since_closed = 0;
    uint64_t free_at = 0;  // the latest time at which it may be asked again
    for (int step = 0; step < 200; ++step) {
      INFO("seed " << seed << ", step " << step);
      world.now_ms += random() % 3'000;
      const Standing before = world.standing();
      if (before == Standing::open) REQUIRE(world.now_ms < free_at);
      if (before == Standing::half_open) {
        REQUIRE(world.health.take_probe(world.now_ms));
        REQUIRE_FALSE(world.health.take_probe(world.now_ms));
      }
      if (random() % 100 < 40) {
        world.fail(1);
        ++in_a_row, ++since_closed;
        if (before == Standing::closed && world.standing() == Standing::open) {
          REQUIRE((in_a_row >= usual.failures || since_closed >= usual.failures));
        }
        if (before == Standing::half_open) REQUIRE(world.standing() == Standing::open);
        if (before != Standing::open && world.standing() == Standing::open) {
          free_at = world.now_ms + usual.max_cooldown_ms;
        }
      } else {
        world.succeed(1);
        REQUIRE(world.standing() == Standing::closed);
        in_a_row = 0;
        if (before != Standing::closed) since_closed = 0;
      }
    }
  }
}

}  // namespace
}  // namespace sluice::routing
