// Waits for signals. Make it before any thread, so that all threads leave the signals to it.
#pragma once

#include <cstdint>

namespace sluice {

class Signals {
 public:
  static constexpr uint64_t forever = UINT64_MAX;

  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  enum class Woken : unsigned char { terminate, reopen, reload, poked, timeout };
  // Waits for SIGTERM or SIGINT (terminate), SIGUSR1 (reopen), SIGHUP (reload), a poke, or `timeout_ms` to pass; may
  // end early as a timeout.
  Woken wait(uint64_t timeout_ms);
  void poke();  // any thread

 private:
  int signal_fd_;
  int poke_fd_;
};

}  // namespace sluice
