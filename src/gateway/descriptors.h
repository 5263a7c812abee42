// How the descriptors that the system gives this process are shared out, so that callers who only sit there never take
// those that the others' requests need for targets.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sluice::gateway {

// Of one worker.
struct DescriptorShare {
  size_t callers = 0;    // connections of callers, at most: each leaves one for a target
  int64_t max_idle = 0;  // connections to targets that wait for work
};

// `limit`: of the process, UINT64_MAX where there is none.
DescriptorShare share_of(uint64_t limit, size_t workers);
// By RLIMIT_NOFILE as it is now.
DescriptorShare share_of_limit(size_t workers);

}  // namespace sluice::gateway
