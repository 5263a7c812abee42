#include "daemon/activation.h"

#include <fcntl.h>

#include "daemon/number.h"

namespace sluice::daemon {
namespace {

constexpr int first_fd = 3;  // SD_LISTEN_FDS_START
constexpr uint64_t max_fds = 1024;

// The text up to the next colon; `rest` becomes what follows it.
std::string_view next_name(std::string_view& rest) {
  const size_t colon = rest.find(':');
  const std::string_view name = rest.substr(0, colon);
  rest = colon == rest.npos ? std::string_view() : rest.substr(colon + 1);
  return name;
}

}  // namespace

Result<std::vector<PassedDescriptor>> passed_descriptors(std::string_view pid, std::string_view fds,
                                                         std::string_view names, uint64_t own_pid) {
  std::vector<PassedDescriptor> result;
  if (pid.empty() || fds.empty() || whole_number(pid) != own_pid) return result;
  const std::optional<uint64_t> count = whole_number(fds);
  if (!count || *count > max_fds) {
    return fail(ErrorCode::io, "LISTEN_FDS is '" + std::string(fds) + "', which is not a number of descriptors");
  }
  for (int fd = first_fd; fd < first_fd + static_cast<int>(*count); ++fd) {
    const int flags = ::fcntl(fd, F_GETFD);
    if (flags < 0 || ::fcntl(fd, F_SETFD, flags | FD_CLOEXEC) != 0) {
      return fail(ErrorCode::io,
                  "LISTEN_FDS is " + std::string(fds) + ", but descriptor " + std::to_string(fd) + " is not open");
    }
    result.push_back({fd, std::string(next_name(names))});
  }
  return result;
}

}  // namespace sluice::daemon
