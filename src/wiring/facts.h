// The data for the gateway's own pages, collected from the setup, the metrics, the workers and the limiter.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "gateway/worker.h"
#include "observe/metrics.h"
#include "sluice/gateway.h"

namespace sluice {

// Facts of a gateway while it runs.
struct GatewayFacts {
  std::atomic<bool> leaving{false};  // drain() was called
  uint64_t started_ns = 0;           // monotonic
  int64_t started_unix_s = 0;
};

// Requests a reload; an error if no handler is set.
using AskReload = std::function<Result<void>(const std::string& by, Gateway::Reloaded)>;

// The own pages of one worker. `shared` and `facts` must outlive them.
gateway::OwnPages make_pages(const gateway::Shared& shared, const GatewayFacts& facts, const AskReload& ask_reload,
                             gateway::RefusedPage refused);

// The state of the targets for the metrics, the same as /admin/targets shows.
std::vector<observe::Metrics::TargetState> target_states(const gateway::Shared& shared);

// The state of the credentials of providers that have several; at most as many as targets are shown.
std::vector<observe::Metrics::CredentialState> credential_states(const gateway::Shared& shared);

}  // namespace sluice
