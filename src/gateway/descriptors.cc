#include "gateway/descriptors.h"

#include <sys/resource.h>

#include <algorithm>

#include "http/outbound_pool.h"

namespace sluice::gateway {
namespace {

constexpr uint64_t own = 16;             // of the process: standard streams, logs, signals, name lookups
constexpr uint64_t own_of_a_worker = 8;  // its loop and its listeners

}  // namespace

DescriptorShare share_of(uint64_t limit, size_t workers) {
  const auto max_idle = static_cast<uint64_t>(http::PoolCounts().max_idle);
  const uint64_t share = (limit - std::min(limit, own)) / std::max<size_t>(workers, 1);
  const uint64_t free = share - std::min(share, own_of_a_worker);
  DescriptorShare out;
  const uint64_t idle = std::clamp<uint64_t>(free / 8, 1, max_idle);
  out.max_idle = static_cast<int64_t>(idle);
  out.callers = std::max<uint64_t>((free - std::min(free, idle)) / 2, 1);
  return out;
}

DescriptorShare share_of_limit(size_t workers) {
  rlimit limit{};
  const bool none = getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY;
  return share_of(none ? UINT64_MAX : uint64_t{limit.rlim_cur}, workers);
}

}  // namespace sluice::gateway
