// What the program counts. Each worker has its own cells and is their only writer (relaxed stores, no lock, no shared
// cache line); /metrics adds them up when it is requested. docs/metrics.md describes every series.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/limit_words.h"

namespace sluice::observe {

class Log;

// A number that one thread changes and any thread may read.
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
  static constexpr size_t max_buckets = 24;
  // Bounds after the first `max_buckets` are ignored.
  explicit Histogram(const std::vector<uint64_t>& bounds_us);
  void observe_us(uint64_t us);
  size_t size() const { return size_; }
  uint64_t bound_us(size_t i) const { return bounds_[i]; }
  int64_t count(size_t i) const { return counts_[i].get(); }  // of this bucket alone; size(): +Inf
  int64_t sum_us() const { return sum_.get(); }

 private:
  size_t size_;
  std::array<uint64_t, max_buckets> bounds_{};
  std::array<Cell, max_buckets + 1> counts_{};
  Cell sum_;
};

// A cell for each HTTP status seen, in small blocks that are chained as needed, so that the usual one or two statuses
// cost one block. One thread writes, any thread may read, without a lock.
class StatusCells {
 public:
  StatusCells() = default;
  ~StatusCells();
  StatusCells(const StatusCells&) = delete;
  StatusCells& operator=(const StatusCells&) = delete;

  // The cell of `status`, made on first use; statuses outside 100..599 count as 0. The writing thread only.
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

// Everything that is counted for one (route, target) pair. Labels: route = the endpoint's name, target =
// "provider/model" or "" for requests that reached none.
struct Series {
  Series();
  // One for each status seen; statuses outside 100..599 count as 0.
  Cell& status(int status) { return by_status.at(status); }
  // One for each kind of failure seen.
  Cell& failure(ErrorCode code) { return by_failure.at(first_failure + static_cast<int>(code)); }
  static constexpr int first_failure = 100;  // the key in by_failure of the first ErrorCode
  StatusCells by_status, by_failure;
  Histogram duration, first_byte, overhead;
  std::array<Cell, token_kinds> tokens;
};

// The outcome of a request to resume a stream.
enum class ResumeOutcome : unsigned char { resumed, unknown, gone, refused };
inline constexpr std::array<std::string_view, 4> resume_outcome_names = {"resumed", "unknown", "gone", "refused"};

// What is counted for one caller's key, if the configuration asks for that.
enum class KeyResult : unsigned char { ok, refused, failed };
inline constexpr std::array<std::string_view, 3> key_result_names = {"ok", "refused", "failed"};
struct KeySeries {
  std::array<Cell, key_result_names.size()> requests;  // by KeyResult
  std::array<Cell, token_kinds> tokens;
};

// Decides which names appear on the page, for all workers together: the first ones seen, up to a limit.
class MetricNames {
 public:
  static constexpr size_t max_pairs = 512;     // of route and target
  static constexpr size_t max_unlisted = 128;  // of these, targets that nothing in the configuration names
  static constexpr size_t max_others = 64;     // routes whose target is "other"
  static constexpr size_t max_keys = 1000;

  MetricNames();
  ~MetricNames();
  // Whether the name may have its own series. Any thread; takes a lock.
  bool take_pair(std::string_view route, std::string_view target, bool listed);
  bool take_other(std::string_view route);
  bool take_key(std::string_view name);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// One worker's cells. Aligned so that two workers' cells share no cache line.
class alignas(64) WorkerMetrics {
 public:
  // `names`: shared by all workers; null: this one has its own.
  explicit WorkerMetrics(std::shared_ptr<MetricNames> names = nullptr);
  ~WorkerMetrics();
  // What follows: the worker's thread only; a lock is only taken when something new is made. References stay valid.
  //
  // The series for a pair; nullptr: not made yet.
  Series* find(std::string_view route, std::string_view target);
  // The series for a pair, made on first use. If MetricNames has no place for it or the target is longer than
  // `max_label_bytes`, it is that of the target "other"; beyond `max_others` routes, that of the route "other".
  // `listed`: the configuration names the target, so callers cannot invent more of them.
  static constexpr size_t max_label_bytes = 320;
  Series& series(std::string_view route, std::string_view target, bool listed = true);
  // "other" for keys beyond MetricNames::max_keys.
  KeySeries& key(std::string_view name);

  Cell active_exchanges, active_streams, caller_connections, caller_connections_total;
  Cell caller_bytes_in, caller_bytes_out, target_bytes_in, target_bytes_out;
  Cell pool_open, pool_idle, pool_reused_total, pool_dialed_total, pool_waiting, buffered_bytes;
  Cell hedges_total, hedges_won_total;
  std::array<Cell, resume_outcome_names.size()> resumes;  // by ResumeOutcome
  Cell kept_streams, kept_stream_bytes;                   // of all workers; one worker reports them
  Cell accept_paused_total, malformed_requests_total, records_lost_total;
  Cell limit_waiting;
  Cell alerts_failing_total, alerts_recovered_total, alerts_failed_total;
  // By LimitSubject, then LimitKind.
  std::array<Cell, limit_subject_names.size() * limit_kind_names.size()> limit_refused, limit_waited;
  // By ErrorCode: requests that sluice itself refused or failed, apart from what targets answered.
  std::array<Cell, error_codes> refusals;

 private:
  friend class Metrics;
  struct State;
  std::unique_ptr<State> state_;
};

// All workers' cells, and the page made from them.
class Metrics {
 public:
  // `operation_of`: the gen_ai.operation.name of a route (OpenTelemetry's semantic conventions for generative AI);
  // null: the route's name is used.
  using OperationOf = std::string_view (*)(std::string_view route);
  Metrics(size_t workers, int64_t now_unix_ms, OperationOf operation_of = nullptr);
  ~Metrics();
  WorkerMetrics& worker(size_t index);
  // The result of the last reading of the configuration; the one at start counts as a success. Any thread.
  void note_reload(int64_t now_unix_s);
  void note_failed_reload();
  // From now on the page shows the log's losses; `log` must outlive this. Call it before page().
  void watch(const Log& log);
  // Sets the certificates in use, replacing the earlier ones. Any thread.
  struct Certificate {
    std::string what, name;  // "listener", ""; "ca_file", "lab"
    int64_t expires_unix_s = 0;
  };
  void set_certificates(std::vector<Certificate> certificates);
  // Sets what is known of each provider's model list, replacing what was known before. Any thread.
  struct ModelList {
    std::string provider;
    uint64_t models = 0;
    int64_t told_unix_s = 0;  // 0: never
    uint64_t failures = 0;    // so far
    bool up_to_date = false;  // the last try succeeded
  };
  void set_model_lists(std::vector<ModelList> lists);
  // The health of a target.
  struct TargetState {
    std::string target;
    std::string_view state;  // a literal
    uint64_t attempts = 0, failed = 0, repeats_refused = 0;
    uint64_t first_output_us = 0;  // 0: unknown
    uint32_t in_flight = 0;
    uint64_t probes = 0, probes_missed = 0;
  };
  // One of a provider's several credentials.
  struct CredentialState {
    std::string provider;
    size_t key = 0;  // from 1, as the configuration lists them
    bool benched = false;
  };
  void watch_credentials(std::function<std::vector<CredentialState>()> credentials);  // like watch_targets()
  // `targets` returns the targets to show, each time the page is made. Call it before page(); what the function refers
  // to must outlive the last page().
  void watch_targets(std::function<std::vector<TargetState>()> targets);
  // The Prometheus text exposition format 0.0.4, with build info, process RSS and open fds. Any thread.
  [[gnu::cold]] std::string page() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sluice::observe
