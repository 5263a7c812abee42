// A file with this process's id, for service managers and scripts. It is locked (flock(2)) while the process lives, so
// that two processes starting at the same time cannot both own it.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace sluice::daemon {

class PidFile {
 public:
  // io, with a sentence, if the file holds something else than a process id, such as a key or a configuration.
  static Result<void> check_kind(const std::string& path);
  // Whether the file may be written. io, with a sentence, as check_kind(), or if it names another living process with
  // the same name as this one. A file that is absent, empty or stale is fine.
  static Result<void> check(const std::string& path);
  // Writes it, mode 0644 minus the umask. io: as check(), or it cannot be written.
  static Result<PidFile> write(const std::string& path);

  PidFile(PidFile&& other) noexcept;
  PidFile& operator=(PidFile&& other) noexcept;
  ~PidFile();  // removes the file, unless it has been replaced

 private:
  PidFile(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}

  std::string path_;
  int fd_ = -1;
};

}  // namespace sluice::daemon
