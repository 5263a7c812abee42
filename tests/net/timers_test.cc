#include "net/timers.h"

#include <catch2/catch.hpp>
#include <optional>

#include "net/recorder.h"

namespace sluice::net {
namespace {

// A Timeout that records when it fired, and does more if asked.
struct Alarm {
  Loop& loop;
  std::vector<const Alarm*>& fired;
  uint64_t fired_ms = 0;
  int count = 0;
  std::function<void()> then;
  Timeout timeout{this, [](void* self) { static_cast<Alarm*>(self)->ring(); }};

  Alarm(Loop& on, std::vector<const Alarm*>& log) : loop(on), fired(log) {}
  void ring() {
    CHECK_FALSE(timeout.armed());
    fired_ms = loop.now_ms();
    ++count;
    fired.push_back(this);
    if (then) then();
  }
  void arm(uint64_t after_ms) { loop.timers().arm(timeout, after_ms); }
};

TEST_CASE("timeouts fire in order of expiry, never early") {
  Loop loop;
  std::vector<const Alarm*> fired;
  const std::vector<uint64_t> after_ms = {60, 5, 1, 30, 5, 100, 1, 61};
  std::vector<std::unique_ptr<Alarm>> alarms;
  const uint64_t start_ms = loop.now_ms();
  for (const uint64_t ms : after_ms) {
    alarms.push_back(std::make_unique<Alarm>(loop, fired));
    alarms.back()->arm(ms);
  }
  CHECK(turn_until(loop, [&] { return fired.size() == after_ms.size(); }));
  for (size_t i = 0; i < alarms.size(); ++i) {
    CHECK(alarms[i]->count == 1);
    CHECK(alarms[i]->fired_ms >= start_ms + after_ms[i]);
  }
  const std::vector<size_t> expected = {2, 6, 1, 4, 3, 0, 7, 5};
  for (size_t i = 0; i < expected.size(); ++i) CHECK(fired[i] == alarms[expected[i]].get());
  CHECK_FALSE(loop.run_once(false));
}

TEST_CASE("0 cancels, and arming again replaces the deadline") {
  Loop loop;
  std::vector<const Alarm*> fired;
  Alarm off(loop, fired), later(loop, fired), end(loop, fired);
  off.arm(1);
  off.arm(0);
  CHECK_FALSE(off.timeout.armed());
  later.arm(1);
  later.arm(60);
  end.arm(30);
  CHECK(turn_until(loop, [&] { return fired.size() == 2; }));
  CHECK(fired == std::vector<const Alarm*>{&end, &later});
}

TEST_CASE("a timeout that was cancelled does not keep the loop alive") {
  Loop loop;
  std::vector<const Alarm*> fired;
  {
    Alarm alarm(loop, fired);
    alarm.arm(10'000);
    CHECK(loop.run_once(false));
    alarm.timeout.cancel();
    CHECK_FALSE(loop.run_once(false));
    alarm.arm(10'000);
    CHECK(loop.run_once(false));
  }
  CHECK_FALSE(loop.run_once(false));
}

TEST_CASE("inside a callback: cancel, destroy and arm others and itself") {
  Loop loop;
  std::vector<const Alarm*> fired;
  Alarm first(loop, fired), second(loop, fired), third(loop, fired);
  auto doomed = std::make_unique<Alarm>(loop, fired);
  first.arm(5), second.arm(5), doomed->arm(5), third.arm(5);
  first.then = [&] {
    second.timeout.cancel();
    doomed.reset();
    if (first.count < 3) first.arm(5);
    third.arm(7);  // a duration not seen before
  };
  CHECK(turn_until(loop, [&] { return third.count == 1 && first.count == 3; }));
  CHECK(second.count == 0);
  run_dry(loop);
  CHECK(fired.size() == 4);
}

TEST_CASE("a timeout destroyed inside its own callback") {
  Loop loop;
  std::vector<const Alarm*> fired;
  auto alarm = std::make_unique<Alarm>(loop, fired);
  std::optional<Timeout> own;
  struct Owner {
    std::optional<Timeout>& timeout;
    bool fired;
  } owner{own, false};
  own.emplace(&owner, [](void* self) {
    static_cast<Owner*>(self)->timeout.reset();
    static_cast<Owner*>(self)->fired = true;
  });
  loop.timers().arm(*own, 1);
  CHECK(turn_until(loop, [&] { return owner.fired; }));
  CHECK_FALSE(own.has_value());
}

TEST_CASE("ten thousand timeouts, many durations, half of them cancelled") {
  Loop loop;
  std::vector<const Alarm*> fired;
  std::vector<std::unique_ptr<Alarm>> alarms;
  for (size_t i = 0; i < 10'000; ++i) {
    alarms.push_back(std::make_unique<Alarm>(loop, fired));
    alarms.back()->arm(1 + i % 50);
  }
  for (size_t i = 0; i < alarms.size(); i += 2) alarms[i]->timeout.cancel();
  CHECK(turn_until(loop, [&] { return fired.size() == alarms.size() / 2; }));
  run_dry(loop);
  size_t rung = 0;
  for (size_t i = 0; i < alarms.size(); ++i) rung += static_cast<size_t>(alarms[i]->count) * (i % 2);
  CHECK(rung == alarms.size() / 2);
}

TEST_CASE("a far deadline does not wake the loop, a nearer one armed later is kept") {
  Loop loop;
  std::vector<const Alarm*> fired;
  Alarm far(loop, fired), near(loop, fired), endless(loop, fired);
  far.arm(3'600'000);
  endless.arm(~uint64_t{0});
  CHECK(loop.run_once(false));
  const uint64_t start_ms = loop.now_ms();
  near.arm(10);
  CHECK(turn_until(loop, [&] { return near.count == 1; }));
  CHECK(loop.now_ms() - start_ms >= 10);
  CHECK(fired.size() == 1);
}

TEST_CASE("a timer fires once or repeatedly, and may be stopped and destroyed inside its callback") {
  Loop loop;
  int once = 0, often = 0;
  Timer single(loop, [&] { ++once; });
  single.start(1);
  std::optional<Timer> repeating;
  repeating.emplace(loop, [&] {
    if (++often == 4) repeating.reset();
  });
  repeating->start(0, 1);
  CHECK(turn_until(loop, [&] { return often == 4 && once == 1; }));
  run_dry(loop);
  CHECK(often == 4);
  CHECK(once == 1);
  int stopped = 0;
  Timer stopping(loop, [&] {
    ++stopped;
    stopping.stop();
  });
  stopping.start(1, 1);
  CHECK(turn_until(loop, [&] { return stopped == 1; }));
  CHECK_FALSE(loop.run_once(false));
}

}  // namespace
}  // namespace sluice::net
