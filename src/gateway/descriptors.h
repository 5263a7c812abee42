// How the process's file descriptors are shared out, so that idle callers never use up those that other requests need
// for connections to targets.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sluice::gateway {

// One worker's share.
struct DescriptorShare {
  size_t callers = 0;    // the most connections of callers; each leaves one for a target
  int64_t max_idle = 0;  // the most idle connections to targets
};

// `limit`: the process's descriptor limit; UINT64_MAX: none.
DescriptorShare share_of(uint64_t limit, size_t workers);
// The same for the current RLIMIT_NOFILE.
DescriptorShare share_of_limit(size_t workers);

}  // namespace sluice::gateway
