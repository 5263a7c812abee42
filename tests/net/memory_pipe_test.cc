#include "net/memory_pipe.h"

#include <catch2/catch.hpp>

#include "net/recorder.h"

namespace sluice::net {
namespace {

TEST_CASE("deliveries are cut as asked") {
  Loop loop;
  const size_t most = GENERATE(1u, 2u, 3u, 5u, 31u);
  auto [a, b] = make_memory_pipe(loop, most);
  Recorder at_b;
  size_t seen = 0, longest = 0;
  at_b.on_any = [&](char) {
    longest = std::max(longest, at_b.got.size() - seen);
    seen = at_b.got.size();
  };
  b->set_events(&at_b);
  b->start_reading();
  const std::string sent(100, 'x');
  a->write(sent);
  CHECK(turn_until(loop, [&] { return at_b.got == sent; }));
  CHECK(longest == most);
  CHECK(static_cast<size_t>(at_b.reads) == (sent.size() + most - 1) / most);
}

TEST_CASE("pending bytes are exactly those that were not read, and the marks are exact") {
  Loop loop;
  const auto ends = make_memory_pipe(loop, 1024);
  const auto &a = ends.first, &b = ends.second;
  Recorder at_a, at_b;
  a->set_events(&at_a);
  b->set_events(&at_b);
  const size_t above = GENERATE(0u, 1u);
  a->write(std::string(WriteMarks::high_bytes + above, 'x'));
  CHECK(a->pending_bytes() == WriteMarks::high_bytes + above);
  size_t pending_when_told = 0;
  at_a.on_any = [&](char) { pending_when_told = a->pending_bytes(); };
  at_b.on_any = [&](char) { CHECK(a->pending_bytes() + at_b.got.size() == WriteMarks::high_bytes + above); };
  b->start_reading();
  CHECK(turn_until(loop, [&] { return a->pending_bytes() == 0; }));
  run_dry(loop);
  CHECK(at_a.drains == static_cast<int>(above));
  if (above) {
    CHECK(pending_when_told <= WriteMarks::low_bytes);
    CHECK(pending_when_told > WriteMarks::low_bytes - 2048);
  }
}

TEST_CASE("two ends that answer each other for ever do not keep a timer waiting") {
  struct Echo final : StreamEvents {
    Stream* stream = nullptr;
    void on_read(std::string_view bytes) override { stream->write(bytes); }
    void on_end() override {}
    void on_broken(const Error&) override {}
    void on_drained() override {}
  };
  Loop loop;
  auto [a, b] = make_memory_pipe(loop);
  Echo at_a, at_b;
  at_a.stream = a.get(), at_b.stream = b.get();
  a->set_events(&at_a), b->set_events(&at_b);
  a->start_reading(), b->start_reading();
  bool fired = false;
  Timer timer(loop, [&] {
    fired = true;
    loop.stop();
  });
  timer.start(5);
  a->write("ball");
  loop.run();
  CHECK(fired);
}

TEST_CASE("a pipe wakes a loop that has nothing else to do") {
  Loop loop;
  auto [a, b] = make_memory_pipe(loop);
  Recorder at_b;
  b->set_events(&at_b);
  b->start_reading();
  at_b.on_any = [&](char) { loop.stop(); };
  loop.post([&, stream = a.get()] { stream->write("now"); });
  loop.run();
  CHECK(at_b.got == "now");
}

TEST_CASE("what is pending towards an end that is destroyed is dropped, so that its writer goes on") {
  Loop loop;
  auto [a, b] = make_memory_pipe(loop);
  Recorder at_a;
  a->set_events(&at_a);
  a->write(std::string(WriteMarks::high_bytes + 1, 'x'));
  b.reset();
  CHECK(a->pending_bytes() == 0);
  CHECK(turn_until(loop, [&] { return at_a.drains == 1; }));
}

}  // namespace
}  // namespace sluice::net
