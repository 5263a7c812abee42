// What the kernel reports about this process, for /metrics.
#pragma once

#include <cstdint>

namespace sluice::observe {

// 0: the kernel does not report it.
struct ProcessStats {
  uint64_t resident_bytes = 0;
  uint64_t open_fds = 0;
  uint64_t cpu_us = 0;  // user and system, all threads
};

ProcessStats process_stats();
// Only the first of them.
uint64_t resident_bytes();
// When the process began, in Unix milliseconds.
int64_t process_start_ms(int64_t now_unix_ms);

}  // namespace sluice::observe
