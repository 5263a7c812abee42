// The health of one target: its breaker, its backoff, how fast it answers and how many attempts are in flight. All
// workers read and write it without a lock: each value is correct by itself, but two of them may be from slightly
// different moments.
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

// Whether a target may be asked now and, if not, why.
enum class Standing : unsigned char {
  closed,       // all is well
  half_open,    // one probe may be sent to see whether it is back: take_probe()
  backing_off,  // it has asked us to wait, or has just failed
  open,         // the breaker's cooldown is not over, or its probe is in flight
  benched,      // its credential is refused or out of credit, or an operator has benched it
  drained,      // an operator lets no more attempts go there
};
inline constexpr size_t standings = static_cast<size_t>(Standing::drained) + 1;
std::string_view name_of(Standing standing);  // snake_case, a literal
// Whether it comes before targets that are only asked if no other is left.
constexpr bool may_be_asked(Standing standing) { return standing <= Standing::half_open; }

// A snapshot of a target's health, for people.
struct HealthState {
  Standing standing = Standing::closed;
  uint64_t asked = 0, succeeded = 0, failed = 0;  // attempts, ever
  uint64_t refused_repeats = 0;                   // by the retry budget
  uint64_t probes = 0, probes_missed = 0;         // requests that asked whether its provider is back
  uint32_t in_flight = 0;
  uint32_t failures_in_a_row = 0;
  uint64_t first_output_us = 0;  // peak-EWMA; 0: unknown
  uint64_t p95_us = 0;           // approximate; 0: unknown
  uint64_t free_in_ms = 0;       // until it may be asked again; 0: now, or unknown
  std::string last_error;        // the provider's message, masked; "": none
  uint64_t last_error_ms = 0;    // when, by the same clock
};

// Times are of one monotonic clock, in ms. Any thread.
class TargetHealth {
 public:
  static constexpr uint32_t max_unconfirmed_ms = 60'000;
  static constexpr size_t max_error_bytes = 512;  // how much of an error's text is kept

  // `label`: "provider/model", or "provider" for everything without its own place. `credentials`: shared; nullptr: the
  // caller's own credential is used, which is never benched.
  TargetHealth(std::string label, std::shared_ptr<Credentials> credentials);
  TargetHealth(const TargetHealth&) = delete;
  TargetHealth& operator=(const TargetHealth&) = delete;
  const std::string& label() const { return label_; }

  Standing standing(uint64_t now_ms) const;
  // Before an attempt: whether it may be made. Closed: true. Half-open: true for the first one to ask, until its
  // attempt has succeeded or failed or the probe is given back. Otherwise false.
  bool take_probe(uint64_t now_ms);
  // The attempt that took the probe ended without a result (its caller left).
  void give_back_probe();

  // An attempt is in flight until ended(). Call each once.
  void began();
  // The same, unless `most` are already in flight (0: no limit).
  bool begin_below(uint32_t most);
  void ended();
  bool is_full(uint32_t most) const { return most != 0 && in_flight() >= most; }
  uint32_t in_flight() const { return in_flight_.load(std::memory_order_relaxed); }

  // `first_output_us`: from the attempt's start to the first real output (for a plain answer, to its head); 0: unknown.
  void succeeded(uint64_t now_ms, uint64_t first_output_us);
  void failed(uint64_t now_ms, const config::Breaker& breaker);
  // An answer that says nothing against the target (the request was wrong): ends a probe like a success.
  void answered(uint64_t now_ms);
  // Its breaker is open or half-open.
  bool breaker_is_open() const { return open_until_ms_.load(std::memory_order_relaxed) != 0; }
  // A background probe of its provider was answered: ends the rest of the cooldown, so that the next request may test
  // the target. Works once until the breaker closes again, as the target may fail although its provider answers. False:
  // there was nothing to end.
  bool probe_answered(uint64_t now_ms);
  // A background probe was not answered: an open breaker stays open until `until_ms`. False: it is closed.
  bool probe_missed(uint64_t until_ms);
  // The target is not to be asked before `until_ms`; later times win.
  void leave_alone(uint64_t until_ms);
  // How long the target, told to be left alone for `told_ms`, is: what one request was told may concern its kind only.
  // Longer than max_unconfirmed_ms only if it is told so again after that time, with no success since.
  uint32_t confirmed_rest_ms(uint64_t now_ms, uint32_t told_ms);
  // Like leave_alone(), for one of the provider's credentials at all its targets; no-op if the caller's own is used.
  // `now_ms`: requests that were sent earlier do not end it when they succeed.
  void bench_credential(uint64_t until_ms, size_t place = 0, uint64_t now_ms = 0);
  // A request that was sent with the credential at `asked_ms` has succeeded: ends its bench.
  void credential_works(size_t place, uint64_t asked_ms) {
    if (credentials_) credentials_->works(place, asked_ms);
  }
  // Like leave_alone(), for this target with that credential.
  void rest_credential(uint64_t until_ms, size_t place);
  // The credential for an attempt, among those that may be used here now and are not in `tried` (a bit for each place):
  // chosen by weight and `luck`, the same for the same luck as long as it may be used. `luck` 0: the first one.
  // nullopt: there is none. `provider`: the target's.
  std::optional<size_t> free_credential(const config::Provider& provider, uint64_t now_ms, uint64_t luck,
                                        uint64_t tried = 0) const;
  // The one that may be used soonest.
  size_t soonest_credential() const;
  // The standing of a credential (closed, backing_off at this target, or benched), and until when.
  Standing standing_of_credential(size_t place, uint64_t now_ms) const;
  uint64_t credential_free_at_ms(size_t place) const;  // in the past: it may be used
  // `text`: masked; cut to max_error_bytes. Takes a lock, so only for failures.
  void note_error(uint64_t now_ms, std::string_view text);

  // Peak-EWMA of the time to first output, times the attempts in flight: the least is asked first. 0: unknown.
  uint64_t load_us(uint64_t now_ms) const;
  // The approximate time within which 19 of 20 answers have begun; 0: unknown.
  uint64_t p95_us() const { return p95_us_.load(std::memory_order_relaxed); }

  RetryBudget& budget() { return budget_; }
  bool take_repeat(uint64_t now_ms);

  // For operators. A bench ends by itself at `until_ms`; drain() lasts until free(). free() also closes the breaker and
  // ends every other backoff and bench.
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
  // If there are several credentials: until when each one rests at this target.
  const std::unique_ptr<std::atomic<uint64_t>[]> rests_until_ms_;  // NOLINT(modernize-avoid-c-arrays)
  std::atomic<uint64_t> open_until_ms_{0};                         // 0: closed
  std::atomic<uint64_t> probe_ms_{0};                              // when the probe was taken; 0: it is free
  std::atomic<uint64_t> alone_until_ms_{0};
  std::atomic<uint64_t> confirmed_after_ms_{0};  // see confirmed_rest_ms(); 0: nothing to confirm
  std::atomic<uint64_t> benched_until_ms_{0};    // by an operator; UINT64_MAX: drained
  std::atomic<uint64_t> window_{0};              // recent results, in one word; see target_health.cc
  std::atomic<uint32_t> in_a_row_{0};
  std::atomic<uint32_t> cooldown_ms_{0};  // of the last time it opened
  std::atomic<uint32_t> in_flight_{0};
  std::atomic<uint64_t> latency_{0};  // microseconds (32 bits) and when they were sampled (ms, 32 bits)
  std::atomic<uint64_t> p95_us_{0};
  std::atomic<bool> vouched_for_{false};  // a background probe was answered since the breaker opened
  std::atomic<uint64_t> probes_{0}, probes_missed_{0};
  std::atomic<uint64_t> asked_{0}, succeeded_{0}, failed_{0}, refused_repeats_{0};
  RetryBudget budget_;
  mutable std::mutex error_mutex_;
  std::string last_error_;
  uint64_t last_error_ms_ = 0;
};

}  // namespace sluice::routing
