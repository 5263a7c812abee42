#include "daemon/pid_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "daemon/number.h"

namespace sluice::daemon {
namespace {

constexpr int max_tries = 10;

tl::unexpected<Error> wrong(const std::string& path, const std::string& why) {
  return fail(ErrorCode::io, "pid file " + path + ": " + why);
}

std::string read_small(int fd) {
  char buffer[512];
  const ssize_t n = ::pread(fd, buffer, sizeof buffer, 0);
  return n > 0 ? std::string(buffer, static_cast<size_t>(n)) : std::string();
}

std::string read_small(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return "";
  std::string text = read_small(fd);
  ::close(fd);
  return text;
}

// The name of a living process, from stat in proc(5): "4711 (name) S ..."; "" if it is gone, a zombie, or not visible.
std::string living_name(const std::string& process) {
  const std::string stat = read_small("/proc/" + process + "/stat");
  const size_t begin = stat.find('('), end = stat.rfind(") ");
  if (begin == stat.npos || end == stat.npos || end + 2 >= stat.size()) return "";
  const char state = stat[end + 2];
  if (state == 'Z' || state == 'X') return "";
  return stat.substr(begin + 1, end - begin - 1);
}

// NULs are what a crash of the machine may leave of a file.
std::string_view without_end(std::string_view text) {
  constexpr std::string_view blanks("\n\r \0", 4);
  return text.substr(0, text.find_last_not_of(blanks) + 1);
}

// The last line of defence against a name typed wrong: the file would be overwritten, and removed at the end.
Result<void> check_kind(const std::string& path, std::string_view text) {
  if (text.empty() || whole_number(text)) return {};
  return wrong(path, "it holds something else than a process id; name another file");
}

Result<void> check_text(const std::string& path, std::string_view whole) {
  const std::string_view text = without_end(whole);
  if (Result<void> kind = check_kind(path, text); !kind) return kind;
  const std::optional<uint64_t> pid = whole_number(text);
  if (!pid || *pid == static_cast<uint64_t>(::getpid())) return {};
  const std::string name = living_name(std::to_string(*pid));
  if (name.empty() || name != living_name("self")) return {};
  return wrong(path, "process " + std::to_string(*pid) + " is running with it; stop that one or name another file");
}

bool is_same_file(int fd, const std::string& path) {
  struct stat held, there;
  return ::fstat(fd, &held) == 0 && ::lstat(path.c_str(), &there) == 0 && held.st_dev == there.st_dev &&
         held.st_ino == there.st_ino;
}

}  // namespace

Result<void> PidFile::check_kind(const std::string& path) {
  return daemon::check_kind(path, without_end(read_small(path)));
}

Result<void> PidFile::check(const std::string& path) { return check_text(path, read_small(path)); }

Result<PidFile> PidFile::write(const std::string& path) {
  for (int i = 0; i < max_tries; ++i) {
    PidFile file(path, ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644));
    if (file.fd_ < 0) return wrong(path, std::strerror(errno));
    const auto leave_alone = [&file] { ::close(std::exchange(file.fd_, -1)); };
    if (::flock(file.fd_, LOCK_EX | LOCK_NB) != 0) {
      leave_alone();
      return wrong(path, "another process is running with it");
    }
    if (!is_same_file(file.fd_, path)) {  // its owner removed it between open() and flock()
      leave_alone();
      continue;
    }
    if (const Result<void> free = check_text(path, read_small(file.fd_)); !free) {
      leave_alone();
      return tl::unexpected(free.error());
    }
    // Write first, then truncate: a reader of an existing file never finds it empty.
    const std::string text = std::to_string(::getpid()) + "\n";
    if (::pwrite(file.fd_, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
      return wrong(path, std::strerror(errno));
    }
    if (::ftruncate(file.fd_, static_cast<off_t>(text.size())) != 0) return wrong(path, std::strerror(errno));
    return file;
  }
  return wrong(path, "it is being removed and written by others all the time");
}

PidFile::PidFile(PidFile&& other) noexcept : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)) {}

PidFile& PidFile::operator=(PidFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(fd_, other.fd_);
  return *this;
}

PidFile::~PidFile() {
  if (fd_ < 0) return;
  if (is_same_file(fd_, path_)) ::unlink(path_.c_str());
  ::close(fd_);
}

}  // namespace sluice::daemon
