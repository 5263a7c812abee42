// What the daemon counts. Each worker has its own cells and is the only one to write them (relaxed stores, no lock,
// no shared cache line); /metrics adds up the workers' cells when it is asked. docs/metrics.md describes every
// series.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/limit_words.h"

namespace sluice::observe {

// A number that one thread changes and any may read.
class Cell {
 public:
  void add(int64_t n) { value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed); }
  void set(int64_t n) { value_.store(n, std::memory_order_relaxed); }
  int64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> value_{0};
};

// Buckets by upper bound in microseconds (inclusive, ascending), chosen per histogram; the last is +Inf.
class Histogram {
 public:
  static constexpr size_t most_buckets = 24;
  // Bounds beyond the first `most_buckets` are left out.
  explicit Histogram(const std::vector<uint64_t>& bounds_us);
  void observe_us(uint64_t us);
  size_t size() const { return size_; }
  uint64_t bound_us(size_t i) const { return bounds_[i]; }
  int64_t count(size_t i) const { return counts_[i].get(); }  // of this bucket alone; size(): +Inf
  int64_t sum_us() const { return sum_.get(); }

 private:
  size_t size_;
  std::array<uint64_t, most_buckets> bounds_{};
  std::array<Cell, most_buckets + 1> counts_{};
  Cell sum_;
};

// A cell for each HTTP status that was seen: blocks of a few, chained as more are needed, so that the usual one or two
// statuses cost one block. One thread writes, any may read, neither takes a lock.
class StatusCells {
 public:
  StatusCells() = default;
  ~StatusCells();
  StatusCells(const StatusCells&) = delete;
  StatusCells& operator=(const StatusCells&) = delete;

  // The writer's only. The cell of `status`, made on first use; statuses outside 100..599 count as 0.
  Cell& at(int status);
  // Calls seen(status, count) for each cell, in order of first use. Any thread.
  template <typename Seen>
  void for_each(Seen&& seen) const {
    for (const Block* block = &first_; block; block = block->next.load(std::memory_order_acquire)) {
      for (size_t i = 0; i < block_cells; ++i) {
        const uint16_t key = block->keys[i].load(std::memory_order_acquire);
        if (key == 0) return;
        seen(key - 1, block->cells[i].get());
      }
    }
  }

 private:
  static constexpr size_t block_cells = 4;
  struct Block {
    std::array<std::atomic<uint16_t>, block_cells> keys{};  // the status plus one; 0: not used yet
    std::array<Cell, block_cells> cells;
    std::atomic<Block*> next{nullptr};
  };
  Block first_;
};

enum class TokenKind : unsigned char { input, cache_read, cache_write, output, reasoning };
inline constexpr size_t token_kinds = 5;

// All that is counted for one (route, target) pair. Labels: route = the endpoint's name, target = "provider/model" or
// "" for requests that reached none.
struct Series {
  Series();
  // One for each status seen; statuses outside 100..599 count as 0.
  Cell& status(int status) { return by_status.at(status); }
  StatusCells by_status;
  Histogram duration, first_byte, overhead;
  std::array<Cell, token_kinds> tokens;
};

// One worker's cells. Aligned so that two workers' cells share no cache line.
class alignas(64) WorkerMetrics {
 public:
  WorkerMetrics();
  ~WorkerMetrics();
  // The series for a pair, made on first use. The reference stays valid. At most `most_series` of them: beyond, the
  // target "other" is used (one more series for each route, of which there are few). Targets longer than
  // `most_label_bytes` count as "other" at once. Worker's thread only; takes a lock only when it makes a new one.
  static constexpr size_t most_series = 512;
  static constexpr size_t most_other_series = 64;  // beyond, the route is "other" too
  static constexpr size_t most_label_bytes = 256;
  Series& series(std::string_view route, std::string_view target);

  Cell active_exchanges, active_streams, caller_connections, caller_connections_total;
  Cell caller_bytes_in, caller_bytes_out, target_bytes_in, target_bytes_out;
  Cell pool_open, pool_idle, pool_reused_total, pool_dialed_total, pool_waiting, buffered_bytes;
  Cell accept_paused_total, malformed_requests_total, access_records_dropped_total;
  Cell limit_waiting;
  Cell alerts_failing_total, alerts_recovered_total, alerts_failed_total;
  // By LimitSubject, then LimitKind.
  std::array<Cell, limit_subject_names.size() * limit_kind_names.size()> limit_refused, limit_waited;

 private:
  friend class Metrics;
  struct State;
  std::unique_ptr<State> state_;
};

// All workers' cells, and the page made of them.
class Metrics {
 public:
  explicit Metrics(size_t workers);
  ~Metrics();
  WorkerMetrics& worker(size_t index);
  // How it came out when the configuration was read last: at start, which counts as well done, or again. Any thread.
  void note_reload(bool successful);
  // The Prometheus text exposition format 0.0.4, with build info, process RSS and open fds. Any thread.
  std::string page() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sluice::observe
