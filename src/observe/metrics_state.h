// The insides of WorkerMetrics and Metrics, for metrics.cc and metrics_page.cc only.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "observe/metrics.h"

namespace sluice::observe {

struct WorkerMetrics::State {
  struct Entry {
    Entry(std::string_view entry_route, std::string_view entry_target) : route(entry_route), target(entry_target) {}
    const std::string route, target;
    Series series;
  };
  struct Slot {
    uint64_t hash = 0;
    Entry* entry = nullptr;
  };

  State();
  // Where the pair's slot is: its own, or the free one where it would go.
  size_t find(uint64_t hash, std::string_view route, std::string_view target) const;
  Series& make(uint64_t hash, std::string_view route, std::string_view target);

  std::vector<Slot> slots;  // open addressing, a power of two, at most half full; the worker's alone
  size_t named = 0;         // of the entries, those whose target is not "other"
  std::mutex mutex;         // guards the vector below against readers while the worker adds to it
  std::vector<std::unique_ptr<Entry>> entries;
};

struct Metrics::State {
  std::vector<std::unique_ptr<WorkerMetrics>> workers;
  int64_t process_start_ms = 0;
  std::atomic<bool> reload_successful{true};
  std::atomic<int64_t> reload_success_s{0};  // Unix time
};

}  // namespace sluice::observe
