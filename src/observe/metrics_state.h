// The internals of WorkerMetrics and Metrics, for metrics.cc and metrics_page.cc only.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
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

  explicit State(std::shared_ptr<MetricNames> given);
  // The index of the pair's slot, or of the free slot where it would go.
  size_t find(uint64_t hash, std::string_view route, std::string_view target) const;
  Series& make(uint64_t hash, std::string_view route, std::string_view target);

  struct KeyEntry {
    explicit KeyEntry(std::string_view key_name) : name(key_name) {}
    const std::string name;
    KeySeries series;
  };

  const std::shared_ptr<MetricNames> names;
  std::vector<Slot> slots;      // open addressing, a power of two, at most half full; the worker's thread only
  Entry* last_found = nullptr;  // the worker's thread only
  std::unordered_map<std::string_view, KeySeries*> keys;  // names are in `key_entries`; the worker's thread only
  std::mutex mutex;  // guards the vectors below against readers while the worker adds to them
  std::vector<std::unique_ptr<Entry>> entries;
  std::vector<std::unique_ptr<KeyEntry>> key_entries;
};

struct Metrics::State {
  std::vector<std::unique_ptr<WorkerMetrics>> workers;
  OperationOf operation_of = nullptr;
  int64_t process_start_ms = 0;
  std::atomic<bool> reload_successful{true};
  std::atomic<int64_t> reload_success_s{0};  // Unix time
  const Log* log = nullptr;
  std::function<std::vector<CredentialState>()> credentials;  // empty: as targets
  std::function<std::vector<TargetState>()> targets;          // empty: there are none
  mutable std::mutex mutex;                                   // guards what follows
  std::vector<Certificate> certificates;
  std::vector<ModelList> model_lists;
};

}  // namespace sluice::observe
