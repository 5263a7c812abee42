// The credentials of one provider, shared by all its targets: a credential refused at one target is refused at all.
// Each is benched by itself; when all are, the provider is too. All workers use it without a lock.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace sluice::routing {

// Times are of one monotonic clock, in ms. Any thread.
class Credentials {
 public:
  explicit Credentials(size_t count = 1)
      : count_(count), until_ms_(new std::atomic<uint64_t>[count]()), since_ms_(new std::atomic<uint64_t>[count]()) {}
  size_t size() const { return count_; }
  // Until then none of them may be used: the earliest end of their benches.
  uint64_t benched_until_ms() const { return all_until_ms_.load(std::memory_order_relaxed); }
  // `place`: below size().
  uint64_t benched_until_ms(size_t place) const { return until_ms_[place].load(std::memory_order_relaxed); }
  uint64_t benched_since_ms(size_t place) const { return since_ms_[place].load(std::memory_order_relaxed); }
  // Later times win.
  void bench(size_t place, uint64_t until_ms, uint64_t now_ms);
  // A request that was sent with it at `asked_ms` has succeeded: ends its bench, unless that began later.
  void works(size_t place, uint64_t asked_ms) {
    if (benched_until_ms(place) != 0 && asked_ms >= benched_since_ms(place)) end_bench(place);
  }
  void free();

 private:
  void end_bench(size_t place);

  const size_t count_;
  const std::unique_ptr<std::atomic<uint64_t>[]> until_ms_;  // NOLINT(modernize-avoid-c-arrays)
  const std::unique_ptr<std::atomic<uint64_t>[]> since_ms_;  // NOLINT(modernize-avoid-c-arrays)
  std::atomic<uint64_t> all_until_ms_{0};
};

// Raises `value` to `to` unless it is already as large.
void raise(std::atomic<uint64_t>& value, uint64_t to);

}  // namespace sluice::routing
