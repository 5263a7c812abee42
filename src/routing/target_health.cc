#include "routing/target_health.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/mix.h"
#include "base/text.h"
#include "routing/balancer.h"

namespace sluice::routing {
namespace {

constexpr auto relaxed = std::memory_order_relaxed;
constexpr uint64_t forever = std::numeric_limits<uint64_t>::max();
// If an attempt holds the probe for this long without a result, another may take it.
constexpr uint64_t probe_ms = 60'000;

// Recent results, in the two halves of a sliding window: when the current half began (24 bits, in units of 64 ms), then
// successes (12) and failures (8) of the current half and of the one before. Counts saturate.
struct Window {
  static constexpr uint64_t unit_shift = 6, start_bits = 24, good_bits = 12, bad_bits = 8;
  static constexpr uint32_t max_good = (1u << good_bits) - 1, max_bad = (1u << bad_bits) - 1;
  uint64_t start = 0;
  uint32_t good = 0, bad = 0, old_good = 0, old_bad = 0;

  static uint64_t part(uint64_t& word, uint64_t bits) {
    const uint64_t value = word & ((uint64_t{1} << bits) - 1);
    word >>= bits;
    return value;
  }
  static Window of(uint64_t word) {
    Window window;
    window.old_bad = static_cast<uint32_t>(part(word, bad_bits));
    window.old_good = static_cast<uint32_t>(part(word, good_bits));
    window.bad = static_cast<uint32_t>(part(word, bad_bits));
    window.good = static_cast<uint32_t>(part(word, good_bits));
    window.start = part(word, start_bits);
    return window;
  }
  uint64_t word() const {
    uint64_t word = start;
    word = word << good_bits | good;
    word = word << bad_bits | bad;
    word = word << good_bits | old_good;
    return word << bad_bits | old_bad;
  }
  // Slides to `now_ms`, for a window of `within_ms`.
  void slide(uint64_t now_ms, uint32_t within_ms) {
    constexpr uint64_t start_mask = (uint64_t{1} << start_bits) - 1;
    const uint64_t now = (now_ms >> unit_shift) & start_mask;
    const uint64_t half = std::max<uint64_t>(1, (within_ms / 2) >> unit_shift);
    const uint64_t gone = (now - start) & start_mask;
    if (gone < half) return;
    const bool next = gone < 2 * half;
    *this = {now, 0, 0, next ? good : 0, next ? bad : 0};
  }
};

constexpr double latency_decay_ms = 10'000;
constexpr uint64_t low_32 = 0xffff'ffff;

struct Latency {
  uint32_t us = 0, at_ms = 0;
  static Latency of(uint64_t word) { return {static_cast<uint32_t>(word >> 32), static_cast<uint32_t>(word)}; }
  uint64_t word() const { return uint64_t{us} << 32 | at_ms; }
  // The weight it still has at `now_ms`.
  double weight(uint64_t now_ms) const {
    const uint32_t gone = static_cast<uint32_t>(now_ms & low_32) - at_ms;
    return std::exp(-static_cast<double>(gone) / latency_decay_ms);
  }
};

}  // namespace

std::string_view name_of(Standing standing) {
  switch (standing) {
    case Standing::closed:
      return "closed";
    case Standing::half_open:
      return "half_open";
    case Standing::backing_off:
      return "backing_off";
    case Standing::open:
      return "open";
    case Standing::benched:
      return "benched";
    case Standing::drained:
      return "drained";
  }
  return "";
}

TargetHealth::TargetHealth(std::string label, std::shared_ptr<Credentials> credentials)
    : label_(std::move(label)),
      credentials_(std::move(credentials)),
      rests_until_ms_(credentials_ && credentials_->size() > 1 ? new std::atomic<uint64_t>[credentials_->size()]()
                                                               : nullptr) {}

Standing TargetHealth::standing(uint64_t now_ms) const {
  const uint64_t benched_until = benched_until_ms_.load(relaxed);
  if (benched_until == forever) return Standing::drained;
  if (now_ms < benched_until) return Standing::benched;
  if (credentials_ && now_ms < credentials_->benched_until_ms()) return Standing::benched;
  const uint64_t open_until = open_until_ms_.load(relaxed);
  if (now_ms < open_until) return Standing::open;
  if (now_ms < alone_until_ms_.load(relaxed)) return Standing::backing_off;
  if (open_until == 0) return Standing::closed;
  const uint64_t probe = probe_ms_.load(relaxed);
  return probe != 0 && now_ms < probe + probe_ms ? Standing::open : Standing::half_open;
}

bool TargetHealth::take_probe(uint64_t now_ms) {
  const Standing standing_now = standing(now_ms);
  if (standing_now == Standing::closed) return true;
  if (standing_now != Standing::half_open) return false;
  uint64_t probe = probe_ms_.load(relaxed);
  if (probe != 0 && now_ms < probe + probe_ms) return false;
  return probe_ms_.compare_exchange_strong(probe, std::max<uint64_t>(now_ms, 1), relaxed);
}

void TargetHealth::give_back_probe() { probe_ms_.store(0, relaxed); }

void TargetHealth::began() {
  in_flight_.fetch_add(1, relaxed);
  asked_.fetch_add(1, relaxed);
}

bool TargetHealth::begin_below(uint32_t most) {
  uint32_t under_way = in_flight_.load(relaxed);
  do {
    if (most != 0 && under_way >= most) return false;
  } while (!in_flight_.compare_exchange_weak(under_way, under_way + 1, relaxed));
  asked_.fetch_add(1, relaxed);
  return true;
}

void TargetHealth::ended() { in_flight_.fetch_sub(1, relaxed); }

void TargetHealth::close() {
  if (in_a_row_.load(relaxed) != 0) in_a_row_.store(0, relaxed);
  if (open_until_ms_.load(relaxed) == 0) return;
  open_until_ms_.store(0, relaxed);
  cooldown_ms_.store(0, relaxed);
  window_.store(0, relaxed);
  probe_ms_.store(0, relaxed);
  vouched_for_.store(false, relaxed);
}

bool TargetHealth::probe_answered(uint64_t now_ms) {
  uint64_t open_until = open_until_ms_.load(relaxed);
  if (open_until == 0) return false;
  probes_.fetch_add(1, relaxed);
  if (open_until <= now_ms || vouched_for_.exchange(true, relaxed)) return false;
  return open_until_ms_.compare_exchange_strong(open_until, std::max<uint64_t>(now_ms, 1), relaxed);
}

bool TargetHealth::probe_missed(uint64_t until_ms) {
  uint64_t open_until = open_until_ms_.load(relaxed);
  if (open_until == 0) return false;
  probes_.fetch_add(1, relaxed);
  probes_missed_.fetch_add(1, relaxed);
  vouched_for_.store(false, relaxed);
  while (open_until != 0 && open_until < until_ms &&
         !open_until_ms_.compare_exchange_weak(open_until, until_ms, relaxed)) {
  }
  return true;
}

void TargetHealth::succeeded(uint64_t now_ms, uint64_t first_output_us) {
  succeeded_.fetch_add(1, relaxed);
  if (confirmed_after_ms_.load(relaxed) != 0) confirmed_after_ms_.store(0, relaxed);
  answered(now_ms);
  if (first_output_us != 0) sample(now_ms, first_output_us);
}

void TargetHealth::answered(uint64_t /*now_ms*/) {
  close();
  uint64_t word = window_.load(relaxed);
  for (;;) {
    Window window = Window::of(word);
    if (window.good == Window::max_good) return;
    ++window.good;
    if (window_.compare_exchange_weak(word, window.word(), relaxed)) return;
  }
}

bool TargetHealth::window_is_full(uint64_t now_ms, const config::Breaker& breaker) {
  uint64_t word = window_.load(relaxed);
  for (;;) {
    Window window = Window::of(word);
    window.slide(now_ms, breaker.within_ms);
    window.bad = std::min(window.bad + 1, Window::max_bad);
    if (!window_.compare_exchange_weak(word, window.word(), relaxed)) continue;
    const uint32_t bad = window.bad + window.old_bad;
    return bad >= breaker.failures && bad >= window.good + window.old_good;
  }
}

void TargetHealth::failed(uint64_t now_ms, const config::Breaker& breaker) {
  failed_.fetch_add(1, relaxed);
  const uint32_t in_a_row = in_a_row_.fetch_add(1, relaxed) + 1;
  const bool full = window_is_full(now_ms, breaker);
  if (breaker.failures == 0) return;
  const uint64_t open_until = open_until_ms_.load(relaxed);
  if (open_until != 0) {
    if (now_ms >= open_until) open(now_ms, breaker);  // its probe, or an attempt for lack of another target
  } else if (in_a_row >= breaker.failures || full) {
    open(now_ms, breaker);
  }
}

void TargetHealth::open(uint64_t now_ms, const config::Breaker& breaker) {
  uint64_t open_until = open_until_ms_.load(relaxed);
  if (now_ms < open_until) return;
  const uint64_t twice = uint64_t{cooldown_ms_.load(relaxed)} * 2;
  const auto cooldown = static_cast<uint32_t>(
      std::min<uint64_t>(std::max<uint64_t>(twice, breaker.cooldown_ms), breaker.max_cooldown_ms));
  if (!open_until_ms_.compare_exchange_strong(open_until, now_ms + cooldown, relaxed)) return;
  cooldown_ms_.store(cooldown, relaxed);
  probe_ms_.store(0, relaxed);
}

void TargetHealth::leave_alone(uint64_t until_ms) { raise(alone_until_ms_, until_ms); }

uint32_t TargetHealth::confirmed_rest_ms(uint64_t now_ms, uint32_t told_ms) {
  if (told_ms <= max_unconfirmed_ms) return told_ms;
  uint64_t after = confirmed_after_ms_.load(relaxed);
  if (after != 0 && now_ms >= after) return told_ms;
  if (after == 0) confirmed_after_ms_.compare_exchange_strong(after, now_ms + max_unconfirmed_ms, relaxed);
  return max_unconfirmed_ms;
}

void TargetHealth::bench_credential(uint64_t until_ms, size_t place, uint64_t now_ms) {
  if (credentials_) credentials_->bench(place, until_ms, now_ms);
}

void TargetHealth::rest_credential(uint64_t until_ms, size_t place) {
  if (!rests_until_ms_) return leave_alone(until_ms);
  raise(rests_until_ms_[place], until_ms);
  leave_alone(credential_free_at_ms(soonest_credential()));  // no effect while one of them may be used
}

uint64_t TargetHealth::credential_free_at_ms(size_t place) const {
  if (!credentials_) return 0;
  const uint64_t benched = credentials_->benched_until_ms(place);
  return rests_until_ms_ ? std::max(benched, rests_until_ms_[place].load(relaxed)) : benched;
}

Standing TargetHealth::standing_of_credential(size_t place, uint64_t now_ms) const {
  if (credentials_ && now_ms < credentials_->benched_until_ms(place)) return Standing::benched;
  return now_ms < credential_free_at_ms(place) ? Standing::backing_off : Standing::closed;
}

std::optional<size_t> TargetHealth::free_credential(const config::Provider& provider, uint64_t now_ms, uint64_t luck,
                                                    uint64_t tried) const {
  std::optional<size_t> chosen;
  double least = 0;
  for (size_t i = 0; i < provider.api_keys.size(); ++i) {
    if ((tried >> i & 1) != 0 || now_ms < credential_free_at_ms(i)) continue;
    if (luck == 0) return i;
    const double draw = drawn(mixed(luck ^ mixed(i)), provider.api_keys[i].weight);
    if (chosen && draw >= least) continue;
    chosen = i;
    least = draw;
  }
  return chosen;
}

size_t TargetHealth::soonest_credential() const {
  size_t soonest = 0;
  for (size_t i = 1; credentials_ && i < credentials_->size(); ++i) {
    if (credential_free_at_ms(i) < credential_free_at_ms(soonest)) soonest = i;
  }
  return soonest;
}

void TargetHealth::note_error(uint64_t now_ms, std::string_view text) {
  const std::lock_guard lock(error_mutex_);
  last_error_ = cut_to(text, max_error_bytes);
  last_error_ms_ = now_ms;
}

// Peak-EWMA: a slower sample counts immediately, a faster one gradually.
void TargetHealth::sample(uint64_t now_ms, uint64_t first_output_us) {
  const auto us = static_cast<uint32_t>(std::min<uint64_t>(first_output_us, low_32));
  uint64_t word = latency_.load(relaxed);
  for (;;) {
    const Latency before = Latency::of(word);
    Latency after{us, static_cast<uint32_t>(now_ms & low_32)};
    if (us < before.us) {
      const double weight = before.weight(now_ms);
      after.us = static_cast<uint32_t>(before.us * weight + us * (1 - weight));
    }
    if (latency_.compare_exchange_weak(word, after.word(), relaxed)) break;
  }
  // Goes up by 19 steps for a sample above it and down by one for a sample below: it settles where 1 in 20 is above.
  constexpr double step = 0.001;
  constexpr double above = 19;
  const auto p95 = static_cast<double>(p95_us_.load(relaxed));
  const double moved = p95 == 0 ? us : us > p95 ? p95 * (1 + above * step) + 1 : p95 * (1 - step);
  p95_us_.store(std::max<uint64_t>(1, static_cast<uint64_t>(moved)), relaxed);
}

uint64_t TargetHealth::load_us(uint64_t now_ms) const {
  const Latency latency = Latency::of(latency_.load(relaxed));
  const uint64_t under_way = in_flight();
  if (latency.us == 0) return under_way == 0 ? 0 : low_32 + under_way;  // unknown: send one to find out
  return static_cast<uint64_t>(latency.us * latency.weight(now_ms)) * (under_way + 1) + 1;
}

bool TargetHealth::take_repeat(uint64_t now_ms) {
  if (budget_.take(now_ms)) return true;
  refused_repeats_.fetch_add(1, relaxed);
  return false;
}

void TargetHealth::drain() { benched_until_ms_.store(forever, relaxed); }
void TargetHealth::bench(uint64_t until_ms) { benched_until_ms_.store(std::min(until_ms, forever - 1), relaxed); }

void TargetHealth::free() {
  benched_until_ms_.store(0, relaxed);
  alone_until_ms_.store(0, relaxed);
  confirmed_after_ms_.store(0, relaxed);
  if (credentials_) credentials_->free();
  for (size_t i = 0; rests_until_ms_ && i < credentials_->size(); ++i) rests_until_ms_[i].store(0, relaxed);
  close();
}

HealthState TargetHealth::state(uint64_t now_ms) const {
  HealthState state;
  state.standing = standing(now_ms);
  state.asked = asked_.load(relaxed);
  state.succeeded = succeeded_.load(relaxed);
  state.failed = failed_.load(relaxed);
  state.refused_repeats = refused_repeats_.load(relaxed);
  state.probes = probes_.load(relaxed);
  state.probes_missed = probes_missed_.load(relaxed);
  state.in_flight = in_flight();
  state.failures_in_a_row = in_a_row_.load(relaxed);
  state.first_output_us = Latency::of(latency_.load(relaxed)).us;
  state.p95_us = p95_us();
  uint64_t until = std::max(open_until_ms_.load(relaxed), alone_until_ms_.load(relaxed));
  if (const uint64_t benched = benched_until_ms_.load(relaxed); benched != forever) until = std::max(until, benched);
  if (credentials_) until = std::max(until, credentials_->benched_until_ms());
  state.free_in_ms = until > now_ms ? until - now_ms : 0;
  const std::lock_guard lock(error_mutex_);
  state.last_error = last_error_;
  state.last_error_ms = last_error_ms_;
  return state;
}

}  // namespace sluice::routing
