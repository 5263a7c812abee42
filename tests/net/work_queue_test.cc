#include "net/work_queue.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "net/recorder.h"

namespace sluice::net {
namespace {

TEST_CASE("work runs on another thread, done on the loop's") {
  Loop loop;
  std::thread::id worked, told;
  bool done = false;
  const auto work = queue_work(
      loop, [&] { worked = std::this_thread::get_id(); },
      [&] {
        told = std::this_thread::get_id();
        done = true;
      });
  CHECK_FALSE(done);
  CHECK(turn_until(loop, [&] { return done; }));
  CHECK(worked != std::this_thread::get_id());
  CHECK(told == std::this_thread::get_id());
}

TEST_CASE("work may be destroyed inside its done") {
  Loop loop;
  std::unique_ptr<Work> work;
  bool done = false;
  work = queue_work(
      loop, [] {},
      [&] {
        work.reset();
        done = true;
      });
  CHECK(turn_until(loop, [&] { return done; }));
}

TEST_CASE("destroyed work is not told, whether it waits, runs or has run") {
  Loop loop;
  const auto token = std::make_shared<int>();
  std::atomic<int> running{0};
  std::atomic<bool> go{false};
  int told = 0;
  std::vector<std::unique_ptr<Work>> all;
  for (int i = 0; i < 64; ++i) {  // more than the pool has threads, so that some wait
    all.push_back(queue_work(
        loop,
        [&, token] {
          ++running;
          go.wait(false);
        },
        [&] { ++told; }));
  }
  CHECK(turn_until(loop, [&] { return running > 0; }));
  all.clear();
  go = true;
  go.notify_all();
  CHECK(turn_until(loop, [&] { return token.use_count() == 1; }));
  CHECK(told == 0);
  bool ran = false;
  auto last = queue_work(
      loop,
      [&] {
        go = false;
        go.notify_all();
      },
      [&] { ran = true; });
  go.wait(true);  // it has run, and the loop has not turned since
  last.reset();
  settle(loop);
  CHECK_FALSE(ran);
}

TEST_CASE("a loop that ends waits for work that cannot be called off") {
  std::atomic<bool> finished{false};
  {
    Loop loop;
    std::atomic<bool> began{false};
    auto work = queue_work(
        loop, [&] { began = true, finished = true; }, [] {});
    while (!began) loop.run_once(true);
    work.reset();
  }
  CHECK(finished);
}

}  // namespace
}  // namespace sluice::net
