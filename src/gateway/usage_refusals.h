// Remembers the targets that have refused `stream_options`, so that usage is not requested from them again. Shared by
// all workers. The size is bounded: the oldest entry is forgotten first.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <string_view>

namespace sluice::gateway {

class UsageRefusals {
 public:
  bool any() const { return count_.load(std::memory_order_acquire) != 0; }
  // `target`: "provider/model". Any thread. Two names with the same 64-bit hash are treated as one.
  bool knows(std::string_view target) const { return any() && find(mark_of(target)); }
  // Returns whether it is new.
  [[gnu::cold]] bool add(std::string_view target) {
    const uint64_t mark = mark_of(target);
    if (find(mark)) return false;
    seen_[count_.fetch_add(1, std::memory_order_acq_rel) % seen_.size()].store(mark, std::memory_order_release);
    return true;
  }

 private:
  static uint64_t mark_of(std::string_view target) { return std::hash<std::string_view>()(target) | 1; }
  [[gnu::cold]] bool find(uint64_t mark) const {
    for (const std::atomic<uint64_t>& one : seen_) {
      if (one.load(std::memory_order_acquire) == mark) return true;
    }
    return false;
  }

  std::atomic<uint64_t> count_{0};
  std::array<std::atomic<uint64_t>, 256> seen_{};
};

}  // namespace sluice::gateway
