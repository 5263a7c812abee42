#include "net/loop.h"

#include <catch2/catch.hpp>
#include <csignal>
#include <thread>

#include "net/recorder.h"

namespace sluice::net {
namespace {

TEST_CASE("deferred tasks run in order, in the same turn, also those they defer") {
  Loop loop;
  std::string order;
  loop.defer([&] {
    order += '1';
    loop.defer([&] {
      order += '3';
      loop.defer([&] { order += '4'; });
    });
  });
  loop.defer([&] { order += '2'; });
  CHECK(order.empty());
  CHECK_FALSE(loop.run_once(false));
  CHECK(order == "1234");
}

TEST_CASE("what is deferred in callbacks runs before the loop sleeps") {
  Loop loop;
  bool ran = false, late_fired = false;
  Timer late(loop, [&] {
    late_fired = true;
    loop.stop();
  });
  late.start(5'000);
  loop.post([&] {
    loop.defer([&] {
      ran = true;
      loop.stop();
    });
  });
  loop.run();
  CHECK(ran);
  CHECK_FALSE(late_fired);
}

TEST_CASE("a task that defers itself for ever does not keep the rest waiting") {
  Loop loop;
  bool fired = false;
  std::function<void()> again = [&] {
    if (!fired) loop.defer(again);
  };
  Timer timer(loop, [&] {
    fired = true;
    loop.stop();
  });
  timer.start(2);
  again();
  loop.run();
  CHECK(fired);
}

TEST_CASE("dispose destroys at the end of the turn, after the deferred tasks") {
  struct Object {
    std::string& log;
    ~Object() { log += 'x'; }
  };
  Loop loop;
  std::string log;
  loop.post([&] {
    auto object = std::make_unique<Object>(Object{log});
    log.clear();
    Object* raw = object.get();
    loop.dispose(std::move(object));
    loop.defer([raw] { raw->log += 't'; });
    loop.dispose(std::unique_ptr<Object>());
    log += 'p';
  });
  CHECK(turn_until(loop, [&] { return log == "ptx"; }));
}

TEST_CASE("an object may dispose of itself, and of more while it is destroyed") {
  struct Chain {
    Loop& loop;
    int left;
    int& destroyed;
    ~Chain() {
      ++destroyed;
      if (left > 0) loop.dispose(std::make_unique<Chain>(loop, left - 1, destroyed));
    }
    Chain(Loop& on, int more, int& count) : loop(on), left(more), destroyed(count) {}
  };
  int destroyed = 0;
  {
    Loop loop;
    loop.dispose(std::make_unique<Chain>(loop, 20, destroyed));
    CHECK(turn_until(loop, [&] { return destroyed == 21; }));
    loop.dispose(std::make_unique<Chain>(loop, 3, destroyed));
  }
  CHECK(destroyed == 25);  // destroying the loop runs the last turn
}

TEST_CASE("posts from other threads all arrive, in each thread's order") {
  constexpr int threads = 4, each = 2000;
  Loop loop;
  std::vector<int> last(threads, -1);
  int arrived = 0;
  bool in_order = true;
  std::vector<std::thread> posting;
  for (int t = 0; t < threads; ++t) {
    posting.emplace_back([&, t] {
      for (int i = 0; i < each; ++i) {
        loop.post([&, t, i] {
          in_order = in_order && last[static_cast<size_t>(t)] == i - 1;
          last[static_cast<size_t>(t)] = i;
          if (++arrived == threads * each) loop.stop();
        });
      }
    });
  }
  loop.run();
  for (auto& thread : posting) thread.join();
  CHECK(arrived == threads * each);
  CHECK(in_order);
}

TEST_CASE("a post from a post runs in a later turn") {
  Loop loop;
  std::string order;
  loop.post([&] {
    loop.post([&] { order += '3'; });
    loop.defer([&] { order += '2'; });
    order += '1';
  });
  CHECK(turn_until(loop, [&] { return order.size() == 3; }));
  CHECK(order == "123");
}

TEST_CASE("stop works from another thread, and before run") {
  Loop loop;
  loop.stop();
  loop.run();  // returns immediately
  std::thread other([&] { loop.stop(); });
  loop.run();
  other.join();
  bool ran = false;
  loop.post([&] {
    ran = true;
    loop.stop();
  });
  loop.run();  // and it can run again
  CHECK(ran);
}

TEST_CASE("an idle loop is not alive and does not wait") {
  Loop loop;
  const uint64_t before_ns = loop.now_ns();
  for (int i = 0; i < 100; ++i) CHECK_FALSE(loop.run_once(true));
  CHECK(loop.now_ns() - before_ns < 5'000'000'000);
}

TEST_CASE("what was posted or deferred and never ran is destroyed with the loop") {
  const auto token = std::make_shared<int>(1);
  {
    Loop loop;
    loop.post([token] {});
    CHECK(token.use_count() == 2);
  }
  CHECK(token.use_count() == 1);
}

TEST_CASE("the read buffer is 64 KiB with padding behind") {
  Loop loop;
  const std::span<char> buffer = loop.read_buffer();
  CHECK(buffer.size() == 64 * 1024);
  CHECK(buffer.data()[buffer.size() + read_padding_bytes - 1] == '\0');
}

TEST_CASE("writing to a broken connection does not end the process") {
  const Loop loop;
  struct sigaction now = {};
  REQUIRE(sigaction(SIGPIPE, nullptr, &now) == 0);
  CHECK(now.sa_handler != SIG_DFL);
}

}  // namespace
}  // namespace sluice::net
