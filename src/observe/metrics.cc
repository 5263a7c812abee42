#include "observe/metrics.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <mutex>
#include <set>
#include <utility>

#include "observe/metrics_state.h"
#include "observe/process_stats.h"

namespace sluice::observe {
namespace {

constexpr uint64_t ms = 1'000;
constexpr uint64_t s = 1'000'000;

// From the fastest error to the longest agent turn.
const std::vector<uint64_t>& duration_bounds() {
  static const std::vector<uint64_t> bounds = {1 * ms,   2500,     5 * ms,  10 * ms,   25 * ms, 50 * ms, 100 * ms,
                                               250 * ms, 500 * ms, 1 * s,   2500 * ms, 5 * s,   10 * s,  20 * s,
                                               30 * s,   60 * s,   120 * s, 300 * s,   600 * s};
  return bounds;
}

const std::vector<uint64_t>& first_byte_bounds() {
  static const std::vector<uint64_t> bounds = {1 * ms,   2500,     5 * ms, 10 * ms, 25 * ms, 50 * ms, 100 * ms,
                                               250 * ms, 500 * ms, 1 * s,  2 * s,   3 * s,   5 * s,   7500 * ms,
                                               10 * s,   20 * s,   30 * s, 60 * s,  120 * s};
  return bounds;
}

// What the gateway itself adds: tens of microseconds, so the buckets begin there.
const std::vector<uint64_t>& overhead_bounds() {
  static const std::vector<uint64_t> bounds = {10,      20,      30,      50,       75,       100,    150,
                                               200,     300,     500,     750,      1 * ms,   2 * ms, 5 * ms,
                                               10 * ms, 25 * ms, 50 * ms, 100 * ms, 250 * ms, 1 * s};
  return bounds;
}

uint64_t hash_of(std::string_view route, std::string_view target) {
  const std::hash<std::string_view> hash;
  // The odd factor keeps (a, b) and (b, a) apart.
  return hash(route) * 0x9e3779b97f4a7c15ull + hash(target);
}

constexpr std::string_view other = "other";

}  // namespace

Histogram::Histogram(const std::vector<uint64_t>& bounds_us) : size_(std::min(bounds_us.size(), max_buckets)) {
  std::copy_n(bounds_us.begin(), size_, bounds_.begin());
}

void Histogram::observe_us(uint64_t us) {
  size_t i = 0;
  while (i < size_ && us > bounds_[i]) ++i;
  counts_[i].add(1);
  sum_.add(static_cast<int64_t>(us));
}

StatusCells::~StatusCells() {
  for (Block* block = first_.next.load(); block;) {
    Block* next = block->next.load();
    delete block;
    block = next;
  }
}

Cell& StatusCells::at(int status) {
  const auto key = static_cast<uint16_t>((status >= 100 && status <= 599 ? status : 0) + 1);
  Block* block = &first_;
  while (true) {
    for (size_t i = 0; i < block_cells; ++i) {
      const uint16_t found = block->keys[i].load(std::memory_order_relaxed);
      if (found == key) return block->cells[i];
      if (found == 0) {
        block->keys[i].store(key, std::memory_order_release);
        return block->cells[i];
      }
    }
    Block* next = block->next.load(std::memory_order_relaxed);
    if (!next) {
      next = new Block;
      block->next.store(next, std::memory_order_release);
    }
    block = next;
  }
}

Series::Series() : duration(duration_bounds()), first_byte(first_byte_bounds()), overhead(overhead_bounds()) {}

struct MetricNames::State {
  std::mutex mutex;
  std::set<std::string, std::less<>> pairs, others, keys;
  size_t unlisted = 0;
};

MetricNames::MetricNames() : state_(std::make_unique<State>()) {}
MetricNames::~MetricNames() = default;

bool MetricNames::take_pair(std::string_view route, std::string_view target, bool listed) {
  std::string pair(route);
  (pair += '\n') += target;
  const std::lock_guard lock(state_->mutex);
  if (state_->pairs.contains(pair)) return true;
  if (state_->pairs.size() >= max_pairs || (!listed && state_->unlisted >= max_unlisted)) return false;
  if (!listed) ++state_->unlisted;
  state_->pairs.insert(std::move(pair));
  return true;
}

bool MetricNames::take_other(std::string_view route) {
  const std::lock_guard lock(state_->mutex);
  if (state_->others.contains(route)) return true;
  if (state_->others.size() >= max_others) return false;
  state_->others.emplace(route);
  return true;
}

bool MetricNames::take_key(std::string_view name) {
  const std::lock_guard lock(state_->mutex);
  if (state_->keys.contains(name)) return true;
  if (state_->keys.size() >= max_keys) return false;
  state_->keys.emplace(name);
  return true;
}

WorkerMetrics::State::State(std::shared_ptr<MetricNames> given)
    : names(given ? std::move(given) : std::make_shared<MetricNames>()), slots(16) {}

size_t WorkerMetrics::State::find(uint64_t hash, std::string_view route, std::string_view target) const {
  const size_t mask = slots.size() - 1;
  for (size_t i = hash & mask;; i = (i + 1) & mask) {
    const Slot& slot = slots[i];
    if (!slot.entry) return i;
    if (slot.hash == hash && slot.entry->target == target && slot.entry->route == route) return i;
  }
}

Series& WorkerMetrics::State::make(uint64_t hash, std::string_view route, std::string_view target) {
  if ((entries.size() + 1) * 2 > slots.size()) {
    std::vector<Slot> old(slots.size() * 2);
    old.swap(slots);
    for (const Slot& slot : old) {
      if (slot.entry) slots[find(slot.hash, slot.entry->route, slot.entry->target)] = slot;
    }
  }
  auto entry = std::make_unique<Entry>(route, target);
  slots[find(hash, route, target)] = {hash, entry.get()};
  const std::lock_guard lock(mutex);
  entries.push_back(std::move(entry));
  return entries.back()->series;
}

WorkerMetrics::WorkerMetrics(std::shared_ptr<MetricNames> names) : state_(std::make_unique<State>(std::move(names))) {}
WorkerMetrics::~WorkerMetrics() = default;

Series* WorkerMetrics::find(std::string_view route, std::string_view target) {
  State::Entry*& last = state_->last_found;  // consecutive requests are often alike
  if (last != nullptr && last->target == target && last->route == route) return &last->series;
  State::Entry* const found = state_->slots[state_->find(hash_of(route, target), route, target)].entry;
  if (found == nullptr) return nullptr;
  last = found;
  return &found->series;
}

Series& WorkerMetrics::series(std::string_view route, std::string_view target, bool listed) {
  if (target.size() > max_label_bytes) target = other;
  if (route.size() > max_label_bytes) route = other;
  if (Series* const found = find(route, target)) return *found;
  if (target != other && state_->names->take_pair(route, target, listed)) {
    return state_->make(hash_of(route, target), route, target);
  }
  if (Series* const found = find(route, other)) return *found;
  if (route != other && !state_->names->take_other(route)) return series(other, other);
  return state_->make(hash_of(route, other), route, other);
}

KeySeries& WorkerMetrics::key(std::string_view name) {
  if (const auto found = state_->keys.find(name); found != state_->keys.end()) return *found->second;
  if (name != other && !state_->names->take_key(name)) return key(other);
  auto entry = std::make_unique<State::KeyEntry>(name);
  KeySeries& series = entry->series;
  state_->keys.emplace(entry->name, &series);
  const std::lock_guard lock(state_->mutex);
  state_->key_entries.push_back(std::move(entry));
  return series;
}

Metrics::Metrics(size_t workers, int64_t now_unix_ms, OperationOf operation_of) : state_(std::make_unique<State>()) {
  state_->operation_of = operation_of;
  const auto names = std::make_shared<MetricNames>();
  for (size_t i = 0; i < workers; ++i) state_->workers.push_back(std::make_unique<WorkerMetrics>(names));
  state_->process_start_ms = process_start_ms(now_unix_ms);
  note_reload(now_unix_ms / 1000);
}

Metrics::~Metrics() = default;

WorkerMetrics& Metrics::worker(size_t index) { return *state_->workers.at(index); }

void Metrics::note_reload(int64_t now_unix_s) {
  state_->reload_successful = true;
  state_->reload_success_s = now_unix_s;
}

void Metrics::note_failed_reload() { state_->reload_successful = false; }

void Metrics::watch(const Log& log) { state_->log = &log; }

void Metrics::set_certificates(std::vector<Certificate> certificates) {
  const std::lock_guard lock(state_->mutex);
  state_->certificates = std::move(certificates);
}

void Metrics::watch_credentials(std::function<std::vector<CredentialState>()> credentials) {
  state_->credentials = std::move(credentials);
}
void Metrics::watch_targets(std::function<std::vector<TargetState>()> targets) { state_->targets = std::move(targets); }

void Metrics::set_model_lists(std::vector<ModelList> lists) {
  const std::lock_guard lock(state_->mutex);
  state_->model_lists.swap(lists);
}

}  // namespace sluice::observe
