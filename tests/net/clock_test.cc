// The system's clock uses the same scale as other programs' clocks, and a loop uses the clock that it is given.
#include "net/clock.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <set>

#include "net/loop.h"
#include "support/fake_clock.h"

namespace sluice::net {
namespace {

TEST_CASE("the system's clock is on the scale of the others") {
  using namespace std::chrono;
  const Clock& clock = Clock::system();
  CHECK(clock.unix_s() > 1'700'000'000);
  CHECK(std::abs(clock.unix_ms() / 1000 - clock.unix_s()) <= 2);
  const auto steady = static_cast<uint64_t>(nanoseconds(steady_clock::now().time_since_epoch()).count());
  const uint64_t read_ns = clock.monotonic_ns();
  CHECK(read_ns >= steady);
  CHECK(read_ns < steady + 20'000'000'000);
}

TEST_CASE("the system's numbers do not come again") {
  std::set<uint64_t> seen;
  for (int i = 0; i < 100; ++i) seen.insert(Random::system().next());
  CHECK(seen.size() == 100);
}

TEST_CASE("a loop with a clock of the test's own fires its timers when that says so, in order") {
  test::FakeClock clock;
  Loop loop(clock);
  std::string order;
  Timer late(loop, [&] { order += 'l'; }), soon(loop, [&] { order += 's'; }), again(loop, [&] { order += 'a'; });
  struct Owner {
    std::string& order;
    Timeout timeout{this, [](void* self) { static_cast<Owner*>(self)->order += 't'; }};
  } owner{order};
  loop.timers().arm(owner.timeout, 3'600'000);
  late.start(2000);
  soon.start(10);
  again.start(600, 600);
  CHECK(loop.next_timer_ms() == loop.now_ms() + 10);
  loop.run_once(true);
  CHECK(order.empty());
  clock.pass_ms(9);
  loop.run_once(true);
  CHECK(order.empty());
  clock.pass_ms(1);
  loop.run_once(true);
  CHECK(order == "s");
  again.stop();
  again.start(600, 600);
  while (clock.passed_ms() < 2010) {
    clock.pass_ms(10);
    loop.run_once(false);
  }
  CHECK(order == "saaal");
  again.stop();
  clock.pass_ms(3'600'000);
  loop.run_once(false);
  CHECK(order == "saaalt");
  CHECK_FALSE(loop.next_timer_ms());
}

TEST_CASE("a timer that starts itself anew at once has its turn once a turn") {
  test::FakeClock clock;
  Loop loop(clock);
  int fired = 0;
  std::optional<Timer> timer;
  timer.emplace(loop, [&] {
    if (++fired == 3) return timer.reset();
    timer->start(0);
  });
  timer->start(0);
  for (int turn = 1; turn <= 3; ++turn) {
    loop.run_once(false);
    CHECK(fired == turn);
  }
  CHECK_FALSE(loop.next_timer_ms());
}

}  // namespace
}  // namespace sluice::net
