// What the gateway's own pages tell, got from those who know it: the setup, the metrics, the workers, the limiter.
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

// Of a gateway, for as long as it runs.
struct GatewayFacts {
  std::atomic<bool> leaving{false};  // drain() was called
  uint64_t started_ns = 0;           // monotonic
  int64_t started_unix_s = 0;
};

// Has the configuration read again; an error: nobody does that.
using AskReload = std::function<Result<void>(const std::string& by, Gateway::Reloaded)>;

// The own pages of one worker. `shared` and `facts` must outlive them.
gateway::OwnPages make_pages(const gateway::Shared& shared, const GatewayFacts& facts, const AskReload& ask_reload,
                             gateway::RefusedPage refused);

// How the targets are doing, for the metrics: as /admin/targets shows them.
std::vector<observe::Metrics::TargetState> target_states(const gateway::Shared& shared);

// And the credentials of the providers that have several, as many at most.
std::vector<observe::Metrics::CredentialState> credential_states(const gateway::Shared& shared);

}  // namespace sluice
