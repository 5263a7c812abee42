// A log file that supports rotation while lines are being written: by rename and reopen, or by copy and truncate.
#pragma once

#include <string>

#include "base/result.h"

namespace sluice::observe {

class LogFile {
 public:
  // Appends to the file; creates it (mode 0640, less the umask) if there is none. io: it cannot be opened, or is
  // neither a file nor a device.
  static Result<LogFile> open(const std::string& path);
  LogFile(LogFile&& other) noexcept;
  LogFile& operator=(LogFile&& other) noexcept;
  ~LogFile();

  // The descriptor to write to; the number stays the same as long as this lives. It has O_APPEND, so that writes to a
  // truncated file continue at its new end.
  int fd() const { return fd_; }
  const std::string& path() const { return path_; }
  // Reopens the path after its file was renamed: from then on fd() refers to the new file. Another thread may be
  // writing meanwhile; each of its writes goes to one file or the other as a whole. io: the old file stays in use.
  Result<void> reopen() const;

 private:
  LogFile(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}

  std::string path_;
  int fd_ = -1;
};

}  // namespace sluice::observe
