#include "observe/line_thread.h"

#include <catch2/catch.hpp>
#include <condition_variable>
#include <mutex>
#include <new>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace sluice::observe;

TEST_CASE("what is queued is written in its order, and all of it before the end") {
  std::vector<std::pair<std::string, LineKind>> written;
  {
    LineThread thread(256, [&](std::string_view text, LineKind kind) { written.emplace_back(text, kind); });
    for (int i = 0; i < 100; ++i) {
      thread.post(std::to_string(i) + "\n", i % 2 == 0 ? LineKind::records : LineKind::lines);
    }
    thread.post("", LineKind::lines);
  }
  REQUIRE(written.size() == 101);
  for (size_t i = 0; i < 100; ++i) {
    CHECK(written[i].first == std::to_string(i) + "\n");
    CHECK(written[i].second == (i % 2 == 0 ? LineKind::records : LineKind::lines));
  }
  CHECK(written[100].first.empty());
}

TEST_CASE("whoever queues waits for no write, and a write that throws loses its entry only") {
  std::mutex mutex;
  std::condition_variable changed;
  bool may_write = false;
  std::string written;
  {
    LineThread thread(8, [&](std::string_view text, LineKind) {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return may_write; });
      if (text == "b") throw std::bad_alloc();
      written += text;
    });
    for (const char* text : {"a", "b", "c"}) thread.post(text, LineKind::lines);
    const std::lock_guard lock(mutex);
    CHECK(written.empty());
    may_write = true;
    changed.notify_all();
  }
  CHECK(written == "ac");
}

TEST_CASE("lines of several threads are written whole, each thread's in its order") {
  std::vector<std::string> written;
  {
    LineThread lines(4096, [&](std::string_view text, LineKind) { written.emplace_back(text); });
    std::vector<std::thread> writers;
    for (char name = 'a'; name < 'e'; ++name) {
      writers.emplace_back([&lines, name] {
        for (int i = 0; i < 500; ++i) lines.post(name + std::to_string(i), LineKind::records);
      });
    }
    for (std::thread& writer : writers) writer.join();
  }
  REQUIRE(written.size() == 2000);
  int next[4] = {};
  for (const std::string& text : written) CHECK(text.substr(1) == std::to_string(next[text[0] - 'a']++));
}
