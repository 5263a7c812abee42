// Descriptors opened by the service manager: the protocol of sd_listen_fds(3), without libsystemd.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice::daemon {

struct PassedDescriptor {
  int fd = -1;
  std::string name;  // of its socket unit (FileDescriptorName=); "" if none was given
};

// `pid`, `fds`, `names`: $LISTEN_PID, $LISTEN_FDS and $LISTEN_FDNAMES, "" if not set. Empty if they are not for the
// process `own_pid`. The caller must close the descriptors, from 3 on; they are marked close-on-exec. io: the variables
// are wrong.
Result<std::vector<PassedDescriptor>> passed_descriptors(std::string_view pid, std::string_view fds,
                                                         std::string_view names, uint64_t own_pid);

}  // namespace sluice::daemon
