// A file that names this process, for service managers and scripts. It is locked (flock(2)) while the process lives, so
// that two that start at once cannot both have it.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace sluice::daemon {

class PidFile {
 public:
  // Whether the file may be written: io, with a sentence, where it names another process that lives and has the name
  // of this one. A file that is absent, empty or left over is fine.
  static Result<void> check(const std::string& path);
  // Writes it, mode 0644 less the umask. io: as check(), or it cannot be written.
  static Result<PidFile> write(const std::string& path);

  PidFile(PidFile&& other) noexcept;
  PidFile& operator=(PidFile&& other) noexcept;
  ~PidFile();  // removes the file, unless somebody has put another one in its place

 private:
  PidFile(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}

  std::string path_;
  int fd_ = -1;
};

}  // namespace sluice::daemon
