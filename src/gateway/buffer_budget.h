// The memory that the request bodies of all workers may use together (limits.buffered_mb): counted as they grow,
// returned when they are freed. Workers draw from the shared counter in portions, so small bodies need no shared write.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <utility>

namespace sluice::gateway {

// Shared by all workers. Any thread.
class BufferBudget {
 public:
  void set_most(uint64_t bytes) { most_.store(bytes, std::memory_order_relaxed); }
  uint64_t most() const { return most_.load(std::memory_order_relaxed); }
  bool take(uint64_t bytes) {
    if (taken_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= most()) return true;
    give(bytes);
    return false;
  }
  void give(uint64_t bytes) { taken_.fetch_sub(bytes, std::memory_order_relaxed); }
  uint64_t taken() const { return taken_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> most_{UINT64_MAX};
  std::atomic<uint64_t> taken_{0};
};

// One worker's part of the budget. Its thread only.
class BufferShare {
 public:
  static constexpr uint64_t portion_bytes = 256 * 1024;

  // `budget` must outlive the share.
  explicit BufferShare(BufferBudget& budget) : budget_(budget) {}
  ~BufferShare() { budget_.give(granted_); }
  BufferShare(const BufferShare&) = delete;
  BufferShare& operator=(const BufferShare&) = delete;

  // False: there is no room, and nothing was taken.
  bool take(uint64_t bytes) {
    used_ += bytes;
    return used_ <= granted_ || take_more(bytes);
  }
  void give(uint64_t bytes) {
    used_ -= bytes;
    if (granted_ - used_ > 2 * portion_bytes) give_back();
  }
  uint64_t used() const { return used_; }
  uint64_t most() const { return budget_.most(); }
  uint64_t taken_by_all() const { return budget_.taken(); }

 private:
  [[gnu::cold]] bool take_more(uint64_t bytes) {
    const uint64_t needed = used_ - granted_;
    for (const uint64_t wanted : {needed + portion_bytes, needed}) {
      if (!budget_.take(wanted)) continue;
      granted_ += wanted;
      return true;
    }
    used_ -= bytes;
    return false;
  }
  [[gnu::cold]] void give_back() {
    const uint64_t surplus = granted_ - used_ - portion_bytes;
    granted_ -= surplus;
    budget_.give(surplus);
  }

  BufferBudget& budget_;
  uint64_t granted_ = 0, used_ = 0;
};

// What one holder has taken; the destructor returns it.
class BufferHold {
 public:
  // `share` must outlive the hold; nullptr: nothing is counted.
  explicit BufferHold(BufferShare* share) : share_(share) {}
  ~BufferHold() { resize(0); }
  BufferHold(const BufferHold&) = delete;
  BufferHold& operator=(const BufferHold&) = delete;

  // False, and no change: there is no room to grow.
  bool resize(uint64_t bytes) {
    if (share_ == nullptr || bytes == bytes_) return true;
    if (bytes > bytes_ && !share_->take(bytes - bytes_)) return false;
    if (bytes < bytes_) share_->give(bytes_ - bytes);
    bytes_ = bytes;
    return true;
  }
  // For data that can be dropped: it may grow only while all holders together use less than half of the budget.
  bool resize_where_roomy(uint64_t bytes) {
    const bool roomy = share_ == nullptr || bytes <= bytes_ || share_->taken_by_all() < share_->most() / 2;
    return roomy && resize(bytes);
  }
  uint64_t bytes() const { return bytes_; }

 private:
  BufferShare* const share_;
  uint64_t bytes_ = 0;
};

}  // namespace sluice::gateway
