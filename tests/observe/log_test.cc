#include "observe/log.h"

#include <sys/socket.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <regex>
#include <thread>

#include "observe/pipe.h"
#include "support/fake_clock.h"

namespace sluice::observe {
namespace {

using test::Pipe;
using Clock = std::chrono::steady_clock;

std::string without_times(const std::string& text) {
  return std::regex_replace(text, std::regex("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z"), "TIME");
}

size_t count_of(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++count;
  return count;
}

// The line that a log with these options writes.
std::string written(bool json, std::string_view message, std::initializer_list<LogField> fields) {
  Pipe pipe;
  Log log({Level::info, json, pipe.write_fd(), sluice::test::fixed_time});
  log.warn(message, fields);
  return without_times(pipe.read_lines(1));
}

// Posts `lines` until `most` were accepted or the time is up; returns how many were. An entry counts as queued until it
// is written, so the log may refuse just after a write: it is tried again.
size_t fill(Log& log, const std::string& lines, size_t most) {
  size_t taken = 0;
  const auto deadline = Clock::now() + std::chrono::seconds(20);
  while (taken < most && Clock::now() < deadline) taken += log.write_lines(lines);
  return taken;
}

// Blocks the writing thread on a full pipe with nothing queued behind.
void block(Log& log, Pipe& pipe) {
  pipe.make_small();
  REQUIRE(log.write_lines(std::string(static_cast<size_t>(pipe.capacity()) - 1, 'x') + "\n"));
  const auto deadline = Clock::now() + std::chrono::seconds(20);
  while (pipe.held_bytes() < pipe.capacity() && Clock::now() < deadline) std::this_thread::yield();
  REQUIRE(pipe.held_bytes() == pipe.capacity());
}

TEST_CASE("the two forms of a line") {
  CHECK(written(false, "target refused connection", {{"target", "openai/gpt-5"}, {"attempt", "1"}}) ==
        "TIME warn target refused connection target=openai/gpt-5 attempt=1\n");
  CHECK(written(true, "target refused connection", {{"target", "openai/gpt-5"}, {"attempt", "1"}}) ==
        "{\"time\":\"TIME\",\"level\":\"warn\",\"message\":\"target refused "
        "connection\",\"target\":\"openai/gpt-5\",\"attempt\":\"1\"}\n");
  CHECK(written(false, "plain", {}) == "TIME warn plain\n");
  CHECK(written(true, "plain", {}) == "{\"time\":\"TIME\",\"level\":\"warn\",\"message\":\"plain\"}\n");
}

TEST_CASE("values cannot forge lines") {
  const std::string evil = "x\n2026-01-01T00:00:00.000Z error \"forged\"\r\x1b[0m";
  const std::string text = written(false, evil, {{"value", evil}, {"empty", ""}});
  CHECK(count_of(text, "\n") == 1);
  CHECK(text.find('\r') == std::string::npos);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text ==
        "TIME warn x\\nTIME error \\\"forged\\\"\\r\\u001b[0m value=\"x\\nTIME error \\\"forged\\\"\\r\\u001b[0m\" "
        "empty=\"\"\n");
  const std::string json = written(true, evil, {{"va\"lue", evil}});
  CHECK(json ==
        "{\"time\":\"TIME\",\"level\":\"warn\",\"message\":\"x\\nTIME error \\\"forged\\\"\\r\\u001b[0m\","
        "\"va\\\"lue\":\"x\\nTIME error \\\"forged\\\"\\r\\u001b[0m\"}\n");
}

TEST_CASE("levels") {
  for (const Level least : {Level::trace, Level::debug, Level::info, Level::warn, Level::error}) {
    Pipe pipe;
    std::string expected;
    {
      Log log({least, false, pipe.write_fd(), sluice::test::fixed_time});
      for (const Level level : {Level::trace, Level::debug, Level::info, Level::warn, Level::error}) {
        CHECK(log.enabled(level) == (level >= least));
        log.write(level, "line");
        if (level >= least) expected += "TIME " + std::string(name_of(level)) + " line\n";
      }
    }
    CHECK(without_times(pipe.read_all()) == expected);
  }
  CHECK(level_named("debug") == Level::debug);
  CHECK(level_named("Debug") == std::nullopt);
}

TEST_CASE("each line can be read at once") {
  Pipe pipe;
  Log log({Level::info, false, pipe.write_fd(), sluice::test::fixed_time});
  for (size_t i = 1; i <= 20; ++i) {
    log.info("line");
    CHECK(count_of(pipe.read_lines(i), "\n") == i);
  }
}

TEST_CASE("the end of the log writes out what is queued") {
  Pipe pipe;
  {
    Log log({Level::info, false, pipe.write_fd(), sluice::test::fixed_time});
    for (int i = 0; i < 200; ++i) log.info("line " + std::to_string(i));
  }
  const std::string& text = pipe.read_all();
  CHECK(count_of(text, "\n") == 200);
  CHECK(text.find("line 199\n") != std::string::npos);
}

TEST_CASE("registered secrets are masked in lines and records") {
  const std::string secret = "sk-ant-\"0123456789\"";
  for (const bool json : {false, true}) {
    Pipe pipe;
    {
      Log log({Level::info, json, pipe.write_fd(), sluice::test::fixed_time});
      log.info("before the secret is known");
      log.mask({secret});
      log.info("refused " + secret, {{"key", secret}, {"header", "Bearer " + secret}});
      // Longer than one write to a pipe, with the secret across the cut.
      std::string lines(4090, 'x');
      lines += "sk-ant-\\\"0123456789\\\"" + std::string(9000, 'y') + "\n";
      CHECK(log.write_lines(lines));
    }
    const std::string& text = pipe.read_all();
    CHECK(count_of(text, "***") == 4);
    CHECK(count_of(text, "0123456789") == 0);
    CHECK(text.find(std::string(4090, 'x') + "***" + std::string(9000, 'y') + "\n") != std::string::npos);
  }
}

TEST_CASE("at most so many entries wait, the rest is refused") {
  Pipe pipe;
  {
    Log log({Level::info, false, pipe.write_fd(), sluice::test::fixed_time});
    block(log, pipe);
    CHECK(fill(log, "entry\n", Log::max_queued) == Log::max_queued);
    for (int i = 0; i < 100; ++i) CHECK_FALSE(log.write_lines("refused\n"));
    CHECK(log.dropped_total() == 0);
    for (int i = 0; i < 7; ++i) log.info("dropped");
    CHECK(log.dropped_total() == 7);
    pipe.read_lines(1 + Log::max_queued + 1);
  }
  const std::string& text = pipe.read_all();
  CHECK(count_of(text, "entry\n") == Log::max_queued);
  CHECK(count_of(text, "refused") == 0);
  CHECK(count_of(without_times(text), "TIME warn log lines were dropped count=7\n") == 1);
  CHECK(count_of(text, "\n") == 1 + Log::max_queued + 1);
}

TEST_CASE("at most so many bytes wait, the rest is refused") {
  Pipe pipe;
  Log log({Level::info, false, pipe.write_fd(), sluice::test::fixed_time});
  block(log, pipe);
  const std::string half(Log::max_queued_bytes / 2, 'h');
  CHECK(fill(log, half, 2) == 2);
  CHECK_FALSE(log.write_lines("x"));
  pipe.close_read();
}

TEST_CASE("one entry larger than all that may wait is taken alone") {
  Pipe pipe;
  {
    Log log({Level::info, false, pipe.write_fd(), sluice::test::fixed_time});
    block(log, pipe);
    CHECK(fill(log, std::string(Log::max_queued_bytes, 'h') + "\n", 1) == 1);
    CHECK_FALSE(log.write_lines("x"));
    pipe.read_lines(2);
  }
  CHECK(count_of(pipe.read_all(), "h") == Log::max_queued_bytes);
}

TEST_CASE("a reader that went away does not end the program") {
  Pipe pipe;
  {
    Log log({Level::info, false, pipe.write_fd(), sluice::test::fixed_time});
    pipe.close_read();
    for (int i = 0; i < 50; ++i) log.info("to nobody");
  }
  SUCCEED("still here");
}

TEST_CASE("a reader that takes nothing does not hold up the end for ever") {
  Pipe pipe;
  std::optional<Log> log(std::in_place, Log::Options{Level::info, false, pipe.write_fd(), sluice::test::fixed_time});
  block(*log, pipe);
  CHECK(fill(*log, "entry\n", Log::max_queued) == Log::max_queued);
  const auto begin = Clock::now();
  log.reset();
  CHECK(Clock::now() - begin < std::chrono::seconds(10));  // one second for all entries, not for each
  CHECK(pipe.held_bytes() == pipe.capacity());
}

TEST_CASE("a socket that does not block gets every byte") {
  int fds[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
  constexpr size_t bytes = 2'000'000;
  size_t read_bytes = 0;
  {
    Log log({Level::info, false, fds[0], sluice::test::fixed_time});
    REQUIRE(log.write_lines(std::string(bytes, 'x')));
    char buffer[65536];
    pollfd entry{fds[1], POLLIN, 0};
    while (read_bytes < bytes && poll(&entry, 1, 20'000) > 0) {
      const ssize_t n = read(fds[1], buffer, sizeof buffer);
      if (n > 0) read_bytes += static_cast<size_t>(n);
    }
  }
  CHECK(read_bytes == bytes);
  close(fds[0]);
  close(fds[1]);
}

TEST_CASE("many threads may log") {
  Pipe pipe;
  uint64_t dropped = 0;
  {
    Log log({Level::info, false, pipe.write_fd(), sluice::test::fixed_time});
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&log, t] {
        for (int i = 0; i < 60; ++i) log.info("from a thread", {{"thread", std::to_string(t)}});
      });
    }
    for (std::thread& thread : threads) thread.join();
    dropped = log.dropped_total();
  }
  CHECK(dropped == 0);  // the queue holds 240 entries
  CHECK(count_of(pipe.read_all(), " info from a thread thread=") == 240);
}

}  // namespace
}  // namespace sluice::observe
