// A file that the log goes to, made for rotation: it may be renamed and opened anew, or copied and cut to nothing,
// while lines are being written to it.
#pragma once

#include <string>

#include "base/result.h"

namespace sluice::observe {

class LogFile {
 public:
  // Appends to what is there; makes the file, mode 0640 less the umask, where there is none. io: it cannot be opened,
  // or is neither a file nor a device.
  static Result<LogFile> open(const std::string& path);
  LogFile(LogFile&& other) noexcept;
  LogFile& operator=(LogFile&& other) noexcept;
  ~LogFile();

  // What to write to; stays the same number for as long as this lives. O_APPEND, so that a file that was cut by others
  // goes on at its new end.
  int fd() const { return fd_; }
  const std::string& path() const { return path_; }
  // Opens the path anew, for one whose file was renamed. From then on what is written to fd() goes there; another
  // thread may be writing meanwhile, and each of its writes goes whole to one file or the other. io: the old file
  // stays.
  Result<void> reopen() const;

 private:
  LogFile(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}

  std::string path_;
  int fd_ = -1;
};

}  // namespace sluice::observe
