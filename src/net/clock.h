// Time and chance, which come in: whoever needs the time asks its loop's clock, and whoever needs a number that nobody
// can guess asks its loop's random source. Tests bring their own (tests/support/fake_clock.h).
#pragma once

#include <cstdint>

namespace sluice::net {

// Any thread.
class Clock {
 public:
  static const Clock& system();
  virtual ~Clock() = default;
  // Never goes back. The zero is any.
  virtual uint64_t monotonic_ns() const = 0;
  virtual int64_t unix_ms() const = 0;
  // To within some milliseconds, for next to nothing.
  virtual int64_t unix_s() const { return unix_ms() / 1000; }
  // Whether it goes on by itself. A loop with one that does not looks at its timers in each run_once().
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
