#include "net/clock.h"

#include <time.h>
#include <uv.h>

#include <chrono>
#include <random>

#include "base/mix.h"

namespace sluice::net {
namespace {

class SystemClock final : public Clock {
 public:
  uint64_t monotonic_ns() const override { return uv_hrtime(); }
  int64_t unix_ms() const override {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
  }
  int64_t unix_s() const override {
    timespec now{};
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    return now.tv_sec;
  }
  bool flows() const override { return true; }
};

class SystemRandom final : public Random {
 public:
  // Asking the system each time would cost a request as much as reading its body.
  uint64_t next() override {
    thread_local uint64_t seed = seeded();
    return mixed(++seed);
  }

 private:
  static uint64_t seeded() {
    std::random_device device;
    return (uint64_t{device()} << 32) | device();
  }
};

}  // namespace

const Clock& Clock::system() {
  static const SystemClock clock;
  return clock;
}

Random& Random::system() {
  static SystemRandom random;
  return random;
}

}  // namespace sluice::net
