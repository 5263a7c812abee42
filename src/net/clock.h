// Time and randomness are passed in: code that needs the time asks its loop's clock, and code that needs an
// unpredictable number asks its loop's random source. Tests pass fakes (tests/support/fake_clock.h).
#pragma once

#include <cstdint>

namespace sluice::net {

// Any thread.
class Clock {
 public:
  static const Clock& system();
  virtual ~Clock() = default;
  // Never goes back. Its zero is arbitrary.
  virtual uint64_t monotonic_ns() const = 0;
  virtual int64_t unix_ms() const = 0;
  // Accurate to some milliseconds, and almost free.
  virtual int64_t unix_s() const { return unix_ms() / 1000; }
  // Whether it runs by itself. If it does not, a loop checks its timers in each run_once().
  virtual bool flows() const { return false; }
};

// Any thread.
class Random {
 public:
  static Random& system();
  virtual ~Random() = default;
  virtual uint64_t next() = 0;
};

}  // namespace sluice::net
