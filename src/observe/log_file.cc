#include "observe/log_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace sluice::observe {
namespace {

// O_NONBLOCK avoids waiting for a pipe's reader; it has no effect on files.
Result<int> open_to_append(const std::string& path) {
  const auto wrong = [&path](const std::string& why) {
    return fail(ErrorCode::io, "cannot write the log to " + path + ": " + why);
  };
  const int fd = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0640);
  if (fd < 0) return wrong(std::strerror(errno));
  struct stat status;
  if (::fstat(fd, &status) != 0 || !(S_ISREG(status.st_mode) || S_ISCHR(status.st_mode))) {
    ::close(fd);
    return wrong("neither a file nor a device");
  }
  return fd;
}

}  // namespace

Result<LogFile> LogFile::open(const std::string& path) {
  const Result<int> fd = open_to_append(path);
  if (!fd) return tl::unexpected(fd.error());
  return LogFile(path, *fd);
}

LogFile::LogFile(LogFile&& other) noexcept : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)) {}

LogFile& LogFile::operator=(LogFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(fd_, other.fd_);
  return *this;
}

LogFile::~LogFile() {
  if (fd_ >= 0) ::close(fd_);
}

Result<void> LogFile::reopen() const {
  const Result<int> fresh = open_to_append(path_);
  if (!fresh) return tl::unexpected(fresh.error());
  // dup3(2) replaces the old file by the new one atomically. EBUSY: an occasional race with open().
  int error = 0;
  do {
    error = ::dup3(*fresh, fd_, O_CLOEXEC) < 0 ? errno : 0;
  } while (error == EINTR || error == EBUSY);
  ::close(*fresh);
  if (error != 0) return fail(ErrorCode::io, "cannot write the log to " + path_ + ": " + std::strerror(error));
  return {};
}

}  // namespace sluice::observe
