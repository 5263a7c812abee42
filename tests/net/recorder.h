// Shared by the tests of net/: an observer of a stream that records its events, and waiting for a condition.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "net/loop.h"
#include "net/stream.h"

namespace sluice::net {

// Turns the loop until `condition` holds, or for 20 seconds; returns whether it holds.
inline bool turn_until(Loop& loop, const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    loop.run_once(true);
  }
  return true;
}

// Turns the loop a few times, so that anything still due can happen.
inline void run_dry(Loop& loop) {
  for (int i = 0; i < 50; ++i) loop.run_once(false);
}

struct Recorder final : StreamEvents {
  std::string got;
  int reads = 0, ends = 0, breaks = 0, drains = 0, endeds = 0;
  std::string error;
  std::string order;  // one letter per event: r e b d E
  unsigned padding_sum = 0;
  std::function<void(char)> on_any;  // after each event, with its letter

  int events() const { return reads + ends + breaks + drains + endeds; }
  void on_read(std::string_view bytes) override {
    ++reads;
    got += bytes;
    const char* behind = bytes.data() + bytes.size();
    for (size_t i = 0; i < read_padding_bytes; ++i) padding_sum += static_cast<unsigned char>(behind[i]);
    note('r');
  }
  void on_end() override { ++ends, note('e'); }
  void on_broken(const Error& why) override { ++breaks, error = why.message, note('b'); }
  void on_drained() override { ++drains, note('d'); }
  void on_ended() override { ++endeds, note('E'); }

 private:
  void note(char letter) {
    if (order.empty() || order.back() != letter) order += letter;
    if (on_any) on_any(letter);
  }
};

}  // namespace sluice::net
