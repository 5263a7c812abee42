// How one target is doing: its breaker, how long it wants to be left alone, how fast it answers and what it has under
// way. Shared by all workers, which read and write it without a lock: each figure is right for itself, and two of them
// may be a moment apart.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "config/config.h"
#include "routing/credentials.h"
#include "routing/retry_budget.h"

namespace sluice::routing {

// Whether a target may be asked now, and if not, why.
enum class Standing : unsigned char {
  closed,       // all is well
  half_open,    // it may be asked once, to see whether it is back: take_probe()
  backing_off,  // it wants to be left alone, or has just failed
  open,         // the breaker's cooldown is not over, or its probe is under way
  benched,      // its credential is refused or has no money left, or an operator has benched it
  drained,      // an operator lets nothing more go there
};
inline constexpr size_t standings = static_cast<size_t>(Standing::drained) + 1;
std::string_view name_of(Standing standing);  // snake_case, a literal
// Whether it comes before those that are asked only where nothing else is left.
constexpr bool may_be_asked(Standing standing) { return standing <= Standing::half_open; }

// What one moment saw of a target, for people.
struct HealthState {
  Standing standing = Standing::closed;
  uint64_t asked = 0, succeeded = 0, failed = 0;  // attempts, ever
  uint64_t refused_repeats = 0;                   // by the retry budget
  uint64_t probes = 0, probes_missed = 0;         // that asked whether its provider is back
  uint32_t in_flight = 0;
  uint32_t failures_in_a_row = 0;
  uint64_t first_output_us = 0;  // peak-EWMA, 0: not known
  uint64_t p95_us = 0;           // about; 0: not known
  uint64_t free_in_ms = 0;       // until it may be asked again; 0: now, or nobody knows
  std::string last_error;        // in the provider's words, masked; "" : none
  uint64_t last_error_ms = 0;    // when, by the same clock
};

// Times are of one monotonic clock, in ms. Any thread.
class TargetHealth {
 public:
  static constexpr size_t max_error_bytes = 512;  // of what is kept of an error

  // `label`: "provider/model", or "provider" for all that has no place of its own. `credentials`: shared; nullptr: it
  // is the caller's, and never benched.
  TargetHealth(std::string label, std::shared_ptr<Credentials> credentials);
  TargetHealth(const TargetHealth&) = delete;
  TargetHealth& operator=(const TargetHealth&) = delete;
  const std::string& label() const { return label_; }

  Standing standing(uint64_t now_ms) const;
  // Before an attempt: whether it may be made. True for a closed target; for a half-open one, for the first who asks,
  // until that attempt has succeeded or failed or the probe is given back; else false.
  bool take_probe(uint64_t now_ms);
  // An attempt that took the probe has ended without telling anything (its caller left).
  void give_back_probe();

  // An attempt is under way, until ended(). Each once.
  void began();
  // The same, unless `most` are under way already (0: no bound).
  bool begin_below(uint32_t most);
  void ended();
  bool is_full(uint32_t most) const { return most != 0 && in_flight() >= most; }
  uint32_t in_flight() const { return in_flight_.load(std::memory_order_relaxed); }

  // `first_output_us`: from the attempt's start to the first real output; 0: not known (a plain answer: to its head).
  void succeeded(uint64_t now_ms, uint64_t first_output_us);
  void failed(uint64_t now_ms, const config::Breaker& breaker);
  // An answer that says nothing about the target's health (the request was wrong): ends a probe as well as a success.
  void answered(uint64_t now_ms);
  // Its breaker is open, or half open.
  bool breaker_is_open() const { return open_until_ms_.load(std::memory_order_relaxed) != 0; }
  // Its provider, asked for something else, answers: what is left of the cooldown is over, and the next request may
  // find out; once for each time that the breaker was closed, as the target may fail though its provider answers.
  // False: there was nothing to end.
  bool probe_answered(uint64_t now_ms);
  // It does not: the breaker, where it is open, stays so until then. False: it is closed.
  bool probe_missed(uint64_t until_ms);
  // Not to be asked before; later times win.
  void leave_alone(uint64_t until_ms);
  // As leave_alone(), of one of its provider's credentials; nothing where that is the caller's own.
  void bench_credential(uint64_t until_ms, size_t place = 0);
  // As leave_alone(), where it is asked with that credential.
  void rest_credential(uint64_t until_ms, size_t place);
  // The credential that an attempt is to use: of those that may be used here now and are not among `tried` (a bit for
  // each place), one by its weight and `luck`; the same for the same luck as long as it may be used. `luck` 0: the
  // first of them. nullopt: there is none. `provider`: its own.
  std::optional<size_t> free_credential(const config::Provider& provider, uint64_t now_ms, uint64_t luck,
                                        uint64_t tried = 0) const;
  // The one that may be used soonest.
  size_t soonest_credential() const;
  // closed, backing_off (here) or benched; and until when.
  Standing standing_of_credential(size_t place, uint64_t now_ms) const;
  uint64_t credential_free_at_ms(size_t place) const;  // gone by: it may be used
  // `text`: masked; what is beyond max_error_bytes is cut off. Takes a lock: for failures only.
  void note_error(uint64_t now_ms, std::string_view text);

  // Peak-EWMA of the time to first output, times what is under way: whose is least is asked first. 0: not known.
  uint64_t load_us(uint64_t now_ms) const;
  // In which 19 of 20 answers have begun, about; 0: not known.
  uint64_t p95_us() const { return p95_us_.load(std::memory_order_relaxed); }

  RetryBudget& budget() { return budget_; }
  bool take_repeat(uint64_t now_ms);

  // An operator's. A bench ends by itself at `until_ms`; drained it stays until it is freed. free() also closes the
  // breaker, and ends what else it was left alone for.
  void drain();
  void bench(uint64_t until_ms);
  void free();

  HealthState state(uint64_t now_ms) const;

 private:
  bool window_is_full(uint64_t now_ms, const config::Breaker& breaker);
  void open(uint64_t now_ms, const config::Breaker& breaker);
  void close();
  void sample(uint64_t now_ms, uint64_t first_output_us);

  const std::string label_;
  const std::shared_ptr<Credentials> credentials_;
  // By credential, where there are several: how long it wants to be left alone here.
  const std::unique_ptr<std::atomic<uint64_t>[]> rests_until_ms_;  // NOLINT(modernize-avoid-c-arrays)
  std::atomic<uint64_t> open_until_ms_{0};                         // 0: closed
  std::atomic<uint64_t> probe_ms_{0};                              // when the probe was taken; 0: it is there
  std::atomic<uint64_t> alone_until_ms_{0};
  std::atomic<uint64_t> benched_until_ms_{0};  // by an operator; UINT64_MAX: drained
  std::atomic<uint64_t> window_{0};            // what happened of late, in one word; see target_health.cc
  std::atomic<uint32_t> in_a_row_{0};
  std::atomic<uint32_t> cooldown_ms_{0};  // of the last opening
  std::atomic<uint32_t> in_flight_{0};
  std::atomic<uint64_t> latency_{0};  // microseconds (32 bits) as of a moment (ms, 32 bits)
  std::atomic<uint64_t> p95_us_{0};
  std::atomic<bool> vouched_for_{false};  // by a probe, since the breaker was closed
  std::atomic<uint64_t> probes_{0}, probes_missed_{0};
  std::atomic<uint64_t> asked_{0}, succeeded_{0}, failed_{0}, refused_repeats_{0};
  RetryBudget budget_;
  mutable std::mutex error_mutex_;
  std::string last_error_;
  uint64_t last_error_ms_ = 0;
};

}  // namespace sluice::routing
