#include "daemon/descriptor_limit.h"

#include <sys/resource.h>

#include <algorithm>

namespace sluice::daemon {
namespace {

constexpr uint64_t own = 16;             // standard streams, log, signals, some spare
constexpr uint64_t own_of_a_worker = 8;  // its loop and its listeners
constexpr uint64_t max_idle = 4'096;     // connections to targets that a worker keeps

}  // namespace

uint64_t raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return UINT64_MAX;
  const rlim_t was = limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) limit.rlim_cur = was;
  return limit.rlim_cur == RLIM_INFINITY ? UINT64_MAX : uint64_t{limit.rlim_cur};
}

std::string descriptor_warning(uint64_t limit, uint64_t workers, uint64_t connections) {
  // As gateway/descriptors divides them: one for a target per caller, and an eighth for idle connections.
  const uint64_t busy = 2 * connections;
  const uint64_t idle = std::clamp<uint64_t>(busy / 7, 1, max_idle);
  const uint64_t needed = own + workers * (own_of_a_worker + busy + idle);
  if (limit >= needed) return "";
  return "limits.connections cannot be met: " + std::to_string(workers) + " workers with " +
         std::to_string(connections) + " callers each need " + std::to_string(needed) +
         " descriptors, for themselves and for targets, but the limit is " + std::to_string(limit) +
         "; raise it (LimitNOFILE=, ulimit -Hn) or lower limits.connections";
}

}  // namespace sluice::daemon
