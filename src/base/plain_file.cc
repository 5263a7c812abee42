#include "base/plain_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace sluice {
namespace {

class Descriptor {
 public:
  explicit Descriptor(const std::string& path)
      : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  const int fd_;
};

std::string_view kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISFIFO(mode)) return "a FIFO";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

std::string size_text(size_t bytes) {
  constexpr size_t mebibyte = 1 << 20;
  return bytes >= mebibyte ? std::to_string(bytes / mebibyte) + " MiB" : std::to_string(bytes / 1024) + " KiB";
}

tl::unexpected<Error> wrong() { return fail(ErrorCode::io, std::strerror(errno)); }

// Its size, if it was opened and is a plain file.
Result<size_t> size_of(const Descriptor& file) {
  struct stat status {};
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0) return wrong();
  if (S_ISREG(status.st_mode)) return static_cast<size_t>(status.st_size);
  return fail(ErrorCode::io, "it is " + std::string(kind_of(status.st_mode)) + ", not a plain file");
}

}  // namespace

Result<std::string> read_plain_file(const std::string& path, size_t max_bytes) {
  const auto too_large = [max_bytes] { return fail(ErrorCode::io, "it is larger than " + size_text(max_bytes)); };
  const Descriptor file(path);
  const Result<size_t> told = size_of(file);
  if (!told) return tl::unexpected<Error>(told.error());
  if (*told > max_bytes) return too_large();
  // One byte more than reported, to see the end; files in /proc report 0.
  constexpr size_t least_room = 4096;
  std::string text(std::max(*told + 1, least_room), '\0');
  size_t size = 0;
  while (true) {
    const ssize_t n = ::read(file.get(), text.data() + size, text.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return wrong();
    if (n == 0) break;
    size += static_cast<size_t>(n);
    if (size > max_bytes) return too_large();
    if (size == text.size()) text.resize(2 * size);
  }
  text.resize(size);
  return text;
}

}  // namespace sluice
