#include "observe/process_stats.h"

#include <dirent.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <charconv>
#include <string_view>

namespace sluice::observe {
namespace {

// The first bytes of a small file under /proc; empty if it cannot be read.
std::string_view read_small(const char* path, char* buffer, size_t size) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  const ssize_t n = read(fd, buffer, size);
  close(fd);
  return n > 0 ? std::string_view(buffer, static_cast<size_t>(n)) : std::string_view();
}

// The number in field `index` (from 0) of fields separated by single spaces; 0 if there is none.
uint64_t number_at(std::string_view text, size_t index) {
  for (; index > 0; --index) {
    const size_t space = text.find(' ');
    if (space == std::string_view::npos) return 0;
    text.remove_prefix(space + 1);
  }
  uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// On the clock that /proc uses for a process's start time.
int64_t since_boot_ms() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

uint64_t count_fds() {
  DIR* dir = opendir("/proc/self/fd");
  if (!dir) return 0;
  uint64_t count = 0;
  while (const dirent* entry = readdir(dir)) count += entry->d_name[0] != '.';
  closedir(dir);
  return count > 0 ? count - 1 : 0;  // without the directory's own
}

}  // namespace

uint64_t resident_bytes() {
  char buffer[256];
  const uint64_t pages = number_at(read_small("/proc/self/statm", buffer, sizeof buffer), 1);
  return pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

ProcessStats process_stats() {
  ProcessStats stats;
  stats.resident_bytes = resident_bytes();
  stats.open_fds = count_fds();
  timespec cpu{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
  stats.cpu_us = static_cast<uint64_t>(cpu.tv_sec) * 1'000'000 + static_cast<uint64_t>(cpu.tv_nsec) / 1'000;
  return stats;
}

int64_t process_start_ms(int64_t now_unix_ms) {
  char buffer[1024];
  std::string_view stat = read_small("/proc/self/stat", buffer, sizeof buffer);
  // The name, field 2, may hold anything, so fields are counted from its closing parenthesis: starttime is field 22.
  const size_t name_end = stat.rfind(')');
  if (name_end == std::string_view::npos) return now_unix_ms;
  const uint64_t ticks = number_at(stat.substr(name_end), 20);
  const auto started_ms = static_cast<int64_t>(ticks * 1000 / static_cast<uint64_t>(sysconf(_SC_CLK_TCK)));
  return now_unix_ms - since_boot_ms() + started_ms;
}

}  // namespace sluice::observe
