// Signals as something to wait for. Made before any thread, so that all of them leave the signals to it.
#pragma once

#include <cstdint>

namespace sluice {

class Signals {
 public:
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  enum class Woken : unsigned char { terminate, poked, timeout };
  // Waits for SIGTERM or SIGINT, a poke, or the time to pass (-1: for ever).
  Woken wait(int64_t timeout_ms);
  void poke();  // any thread

 private:
  int signal_fd_;
  int poke_fd_;
};

}  // namespace sluice
